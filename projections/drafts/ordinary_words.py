"""Words that follow "I am", "my daughter", "thanks" and the like, and are no names: without accents, in small letters.
Data."""

from __future__ import annotations

from typing import Final

# ruff: noqa: SIM905 - a list of strings would take ten times the lines

ORDINARY: Final = frozenset(
    """
    able about abre abroad absurd acabou accounts acha acho acompanante actually administracion adora adulto advance
    afraid after afternoon again agent agradeco aguardo ainda ajuda alem alergia alergica alergico alguem alguien
    algun all allergic almost alone already also alumna alumno aluna aluno always amanha american amiga amigo an and
    ano anos another antiga antigo antigua antiguo any anybody anyone apartamento aposentada aposentado aqui are
    argentina argentino as asking asks assistant assunto at ate atencion atenciosamente atende atendente atendentes
    atendimento atentamente atiende att attending aun autista aware away awful back bad bailarina based bebe because
    been before being bendiciones best bien bjs blind boa bom booked booking bored boss bought brasileira brasileiro
    brazilian breve british broke buena buenas bueno buenos busca buy buying bye cadeirante cajera cajero called
    calling came camina camino can canadian cancelou canta casa celiac celiaca celiaco central cerrado certain
    certificado certo cheers chef chega chegou chilena chileno client cliente cocinero coeliac com come comeu coming
    como compra comprador compras compre compro comprou concerned conductor confused consegue considering consultora
    consumidor consumidora conta cook corre could crianca cuando cuenta currently customer da danca day de deaf debe
    deficiente dejo del dela dele delivery dentista departamento depois desde deus deve dia diabetic diabetica
    diabetico dias dice did didn dijo disabled disappointed disponha disse do doador doctor doente does doesn doing
    dona donde done dono dorme driver driving duena dueno easy eats ela ele ella else embarazada empleada empleado
    empresa empresaria empresario encargada encargado encarregado enferma enfermeira enfermera enfermo engenheira
    engenheiro english entao entonces entra entrou equipe era es espanol espanola espera espero esqueceu essa esse
    esta estaba estava este estrangeira estrangeiro estuda estudante estudia estuvo even evening everyone expecting
    extranjera extranjero falou faz feliz fez fico ficou filha filho finally financeiro fine first foi folks for
    forgot formada formado forte free french friend from fue funcionaria funcionario ganhou gano gente gerencia
    gerente german gestante getting glad going gone good gosta gostou got gracias gravida great guest gusta gusto
    guys hace had happy has hasn having he hecho hello her here hi hija hijo him hipertensa hipertenso his hoje hola
    hope hoping hospede how huesped human hungry idosa idoso igualmente ill important in incredible indian ingeniero
    inquilina inquilino interested internada internado into intolerante irish is isn it italian ja japanese jewish
    joga jubilada jubilado juega just keen kind kosher lactose last late later leaving lee left legal leu leva likes
    listo living llega llego local located loja longe looking lost lot love loves made madre mae maestra maestro
    maior mais mama manager manda mandou married may mayor me medica medico melhor member menor mesma mesmo meu
    mexican mexicana mexicano minha misma mismo missing mora morador moradora morning motorista moving much mucho
    muito mulher muslim must muy my nacio nada nao nasceu natural near nearly necesita need needs never new next
    nice night nina nino no nobody noche not nothing nova novia novio novo now nueva nuevo nunca nurse nut ok okay
    old on onde one only or order otimo otra otro our out outra outside ouviu over owner paciente padre pago pagou
    pai paid papa para pasa paso passou paying pede pediu perdeu perdio permitida permitido persona perto pessoa
    pessoal pidio planning plays please poco pode podia por porque portaria portuguese possible pouco precisa
    precisava pregnant primeira primeiro probably profesor profesora professor professora prohibido proibido pronto
    proprietaria proprietario proxima puder puede puedo quando que quebrou quem quer queria quien quiere quiero
    quite ready really recebeu recepcao recepcion recepcionista reception receptionist recibio rede registered
    responsavel retired retirou retorno returning ridiculous right runs sabe said sales saw says selling semana
    sempre sera serious serve she should sick siempre sim sindica sindico single sings so socia socio solteira
    solteiro soltera soltero some somebody someone soon soporte sorda sordo sorry spanish spoke staff staying still
    student studies such supervisor suporte support supposed surda surdo sure surprised suya suyo taking tambem
    tambien tarde tardes tchau teacher team tem tenia terceira terceiro terceiros terceros teria terrible thank
    thanks that the their there they thinking this tiene tinha tired titular to toda todavia todo todos told toma
    tomorrow too tourist trabaja trabajador trabajadora trabalha trae trajo traveling travelling trouxe trying tudo
    turned turns twice um uma unable unacceptable under unhappy until up upset urgent usa used uses using usou
    usuaria usuario va vai valeu vecina vecino vegan vegana vegano vegetarian vegetariana vegetariano veio vem
    vendas vende vendedor vendedora vendio ventas very viaja viene vino visiting viu vive vizinha vizinho vlw voces
    voltou volvio waiter waiting waitress walks wants warm was wasn we wears well went were what when where whether
    which who why will wishes with without won wondering working works worried would wrong years yes yesterday you
    young your yours
    """.split()
)
