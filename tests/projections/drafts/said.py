"""Answers of models, as they say that something is not known, and as they say other things with the same words.

Written in three lists, each before the rule was made to hold for it: decision 0243 has what it found of each then.
"""

from __future__ import annotations

NOT_KNOWN = """
Sorry, I don't have that information.
I'm afraid I couldn't find anything about parking in our documents.
Unfortunately, the documents I have don't mention gift cards.
I do not know whether we ship to Portugal.
I'm not sure about that, let me check with the team.
There is no information about wheelchair access in the material I have.
I was unable to find the price of the chocolate cake.
That isn't something I have details on.
I don't have any details about the warranty.
Our documents don't say whether dogs are allowed.
I cannot confirm if we have that size in stock.
I can't tell you the exact delivery date, as it is not in our documents.
The price list doesn't include catering.
I have no information on that.
I'm not able to find this in the documents provided.
This information isn't available to me.
Nothing in our documents covers refunds for vouchers.
I couldn't locate any details regarding allergens.
The passages do not specify the opening hours on holidays.
It's not stated in our terms whether you can cancel by phone.
My documents make no mention of a student discount.
I'm sorry, but I don't have access to that information.
I wasn't able to find an answer to your question.
I do not have specific information about the parking fee.
We don't have information about this at the moment.
I don't see anything about gluten-free bread in our menu documents.
I'm unable to answer that with the information I have.
Regrettably, I lack information about that service.
I have not found any mention of installment payments.
That detail is not provided in our documents.
Desculpe, não tenho essa informação.
Infelizmente não encontrei nada sobre estacionamento nos nossos documentos.
Não sei informar se entregamos em Campinas.
Não consta nos nossos documentos o valor do bolo.
Não localizei informações sobre a garantia.
Nossos documentos não mencionam desconto para estudantes.
Não há informações sobre acessibilidade no material que tenho.
Não disponho dessa informação no momento.
Não consegui encontrar o preço da torta.
Os documentos não informam se aceitam cachorros.
Não tenho certeza sobre isso, melhor confirmar com a equipe.
Essa informação não está disponível nos documentos.
Não tenho detalhes sobre o prazo de entrega.
Não possuo informações a respeito.
Infelizmente não sei dizer se abrimos no feriado.
Não achei nada a respeito de vale-presente.
A lista de preços não traz o valor do buffet.
Não temos essa informação por aqui.
Não foi possível encontrar essa informação.
Sinto muito, mas eu não sei.
O cardápio não especifica se tem lactose.
Não existe informação sobre isso nos documentos.
Não está especificado se parcelamos no boleto.
Não consigo confirmar se há vagas.
Ainda não tenho essa resposta.
Lo siento, no tengo esa información.
Lamentablemente no encontré nada sobre el estacionamiento en nuestros documentos.
No sé si enviamos a Canarias.
Nuestros documentos no mencionan descuentos para estudiantes.
No dispongo de esa información.
No cuento con detalles sobre la garantía.
No he encontrado información al respecto.
No hay información sobre eso en los documentos.
No pude encontrar el precio del pastel.
Los documentos no indican si se aceptan mascotas.
Desconozco si abrimos en festivos.
No me consta que tengamos ese servicio, no aparece en los documentos.
Esa información no está disponible.
No estoy seguro de eso, lo consulto con el equipo.
La lista de precios no incluye el precio del catering.
No se especifica el horario de los domingos.
No puedo confirmar si tenemos esa talla.
No tengo datos sobre el plazo de entrega.
No logré localizar esa información.
No figura en nuestros documentos.
Perdón, no lo sé.
No aparece ninguna mención de pagos a plazos.
En este momento no tenemos información sobre ese producto.
No poseo esa información.
Não faço ideia, desculpe.
I’m sorry, I couldn’t find the answer in the information provided.
Based on the documents, I cannot say whether delivery is possible on Sundays.
It looks like our documents don’t have anything on that.
Hmm, that's not covered in what I have here.
I don't currently have the details for that, but a colleague can help.
The information I have doesn't cover that question.
I can't find this one, sorry!
Unfortunately this isn't mentioned anywhere.
I have no way of knowing that.
I'm not aware of any discount for students.
I don’t have enough information to answer that.
The text does not tell us the price.
That question is beyond what our documents cover.
There's no mention of that.
I could not find that; would you like me to ask a colleague?
Poxa, essa eu não sei te responder.
Infelizmente não tenho como confirmar isso.
Não encontrei essa informação por aqui, posso chamar um atendente?
Os nossos materiais não falam sobre isso.
Não há menção a isso.
Isso não está nos documentos.
Nao tenho essa informacao.
Não tenho conhecimento sobre esse serviço.
Lamento, mas não tenho acesso a essa informação.
Não foi encontrado nada sobre isso nos documentos.
Pelo que tenho aqui, não dá para saber se abre no feriado.
Disculpa, no tengo ese dato.
No tengo esa informacion.
No tengo conocimiento de ese servicio.
Eso no está en los documentos.
No se menciona en ninguna parte.
La información disponible no cubre eso.
No me es posible confirmarlo.
No se encontró información sobre eso.
Según los documentos no se puede saber.
No sabría decirle.
I’m afraid I don’t have that one on file.
The documents are silent on that point.
That I can't say, I'm sorry.
I checked our price list and there is nothing about gluten-free cake.
I don't have the answer to this question.
Our FAQ does not address returns by mail.
Sorry, no details about that are given in our documents.
I did not come across any information on parking.
I'd rather not guess: the documents don't tell.
Unfortunately I have no details on shipping times.
Sorry, that is unknown to me.
I wouldn't know, sorry.
Ainda não sei, vou verificar com a equipe.
Não tenho nada sobre isso aqui.
Não encontro essa informação na nossa tabela.
Infelizmente os documentos não trazem esse valor.
Não me foi informado o prazo.
Sobre isso eu não tenho detalhes.
Não consegui localizar essa resposta.
Não há dados sobre frete internacional.
Desculpa, mas isso eu não saberia dizer.
Não está claro se o valor inclui taxa.
Lo lamento, no tengo una respuesta para eso.
No encuentro esa información en nuestros documentos.
Los documentos no aclaran ese punto.
Sobre eso no tengo detalles.
No pude localizar el dato.
Por ahora no sé decirte.
No está claro si incluye impuestos.
No hay ninguna referencia a mascotas.
"""

KNOWN = """
We do not have gluten in this bread.
I don't know if you have seen it, but the rye bread is back for R$ 22.
No, we don't have parking, but there is a garage across the street.
We don't accept dogs, sorry.
You do not need to know the code: the door is open until 18:00.
If you can't find the parcel, call us on Monday and we will look for it.
I don't have to check: delivery is free above R$ 100.
Your order does not include the drinks, they are R$ 5 each.
We have no information desk; ask at the counter, open from 9 to 18.
There is no charge for delivery in the centre.
I'm not sure which size you want: small is R$ 20 and large R$ 35.
We could not be happier to have you, see you at 8!
Not a problem, we open at 9.
The menu does not contain nuts.
We don't sell gift cards.
For more information, see our site. We open at 8 on Saturdays.
If you don't know your size, measure your foot: 25 cm is 40.
Don't worry if you don't find the receipt, the card is enough.
The price includes breakfast and does not include dinner.
No, we do not ship to Portugal.
Bread costs R$ 4.50. It is not known for lasting long, so eat it today.
You can't cancel by phone, only by e-mail.
The documents you need are your ID and a bill.
The documents are not needed, just bring your card.
We don't have that size in stock, the next is 42.
Please let me know if you have any other question.
Cats are not allowed. Dogs are.
Unfortunately we are closed on Mondays.
Sorry for the delay! The cake costs R$ 80.
I'm afraid the shop is closed on Sunday.
Não temos glúten neste pão.
Não sei se você viu, mas o pão de centeio voltou por R$ 22.
Não, não temos estacionamento, mas há uma garagem em frente.
Infelizmente não aceitamos cachorros.
Se você não encontrar o pacote, ligue na segunda.
Não precisa informar o CPF, basta o nome.
O valor não inclui as bebidas.
Não há taxa de entrega no centro.
Não tenho dúvida: o bolo custa R$ 80.
Se não tiver certeza do tamanho, meça o pé.
Para mais informações, veja o site. Abrimos às 8.
Não trabalhamos com vale-presente.
Não se preocupe, a entrega é grátis.
Desculpe a demora! O bolo custa R$ 80.
Os documentos necessários são RG e comprovante.
Não entregamos em Campinas.
Infelizmente fechamos às segundas.
A torta não contém lactose.
Você não consegue cancelar por telefone, só por e-mail.
Caso não saiba o CEP, mande o endereço.
Não temos esse tamanho em estoque.
Nenhuma taxa é cobrada.
No tenemos gluten en este pan.
No sé si lo has visto, pero el pan de centeno ha vuelto por 3 €.
No, no tenemos estacionamiento, pero hay uno enfrente.
No aceptamos perros, lo siento.
Si no encuentra el paquete, llámenos el lunes.
No necesita saber el código: la puerta está abierta.
El precio no incluye las bebidas.
No hay cargo por envío en el centro.
No dude en preguntar. Abrimos a las 8.
Para más información, vea la página. Abrimos a las 9.
No vendemos tarjetas de regalo.
Lamentablemente cerramos los lunes.
El pastel no contiene nueces.
No se preocupe, el envío es gratis.
Si no está seguro de la talla, mida el pie.
No enviamos a Canarias.
No puede cancelar por teléfono, solo por correo.
Los documentos necesarios son el DNI y una factura.
We don't have a minimum order.
Not listed items can be ordered too.
I don't think that is a problem, come by at 5.
No details are needed, just your name.
You don't have to provide any documents.
The shop does not have a website.
We are not able to deliver on Sundays.
I can confirm the price: R$ 20.
Don't know your size? Measure your foot.
Without a receipt we cannot exchange it.
The terms do not allow returns after 30 days.
I can't recommend the cake enough!
You cannot find a better price.
Não há problema, pode vir.
Não achamos necessário reservar.
Não é preciso documento.
Não existe taxa de cancelamento.
Não temos filial em Campinas.
Sem documentos não é possível alugar.
A lista inclui bolos e tortas.
Não encontramos dificuldade em trocar o seu pedido.
Não posso confirmar a reserva sem o sinal de R$ 50.
No hay problema, pase cuando quiera.
No se permite fumar.
No tenemos sucursal en Sevilla.
No encontramos motivo para no cambiarlo.
Sin documentos no se puede alquilar.
No aparecerá ningún cargo en su tarjeta.
No sé si prefiere la grande o la pequeña.
La carta no incluye bebidas.
Not at all, happy to help!
It's not far from here, five minutes.
We do not offer a guarantee.
We have nothing left in size 40.
You won't find it hard to park.
No answer within an hour? Call us.
We did not charge your card.
I do not recommend freezing it.
There is no data limit in this plan.
Nothing to pay now.
Não, obrigado. O bolo custa R$ 80.
Não deixe de experimentar a torta.
Não fazemos entrega aos domingos.
Sem taxa e sem surpresa.
Não esqueça o documento.
Não há vagas para sábado.
Nada a pagar agora.
Não é possível trocar sem a nota.
No, gracias. Cuesta 3 €.
No olvide su documento.
No hay mesas para el sábado.
No es posible cambiarlo sin factura.
No hacemos envíos los domingos.
Nada que pagar ahora.
"""


def lines(block: str) -> list[str]:
    return block.strip().splitlines()
