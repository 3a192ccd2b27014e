"""Common names of people in the three languages, without accents and in small letters. Data.

Names that are words, places or days as well, as `rosa`, `santiago` and `julio`, are left out of FIRST: they would take
words out of questions.
"""

from __future__ import annotations

from typing import Final

# ruff: noqa: SIM905 - a list of strings would take ten times the lines

FIRST: Final = frozenset(
    """
    adriana adriano agustin agustina aida alan alana alberto alejandra alejandro alessandra alessandro alex alexandra
    alexandre alfonso alfredo alice alicia aline allan alvaro amanda amelia ana analia andre andrea andreia andres
    andressa andrew angela angelica anita anna anne anthony antonella antonia antonio ariana ariel arnaldo arthur artur
    ashley augusto aurelio barbara beatriz beatrix benicio benjamin bernardo beth bia bianca brenda brian bruna bruno
    caio camila camile camilo carla carlos carlota carmen carol carolina caroline catarina catalina cecilia celia celso
    charles christian christina christopher cibele cintia clarice clarissa claudia claudio clayton cleber cleide
    cristian cristiane cristiano cristina cristobal cynthia daiane daiana daniel daniela daniele danielle danilo davi
    david debora deborah denise denis deolinda diana diego diogo donald donna douglas duda edgar edmundo edna eduarda
    eduardo edson edward elaine elena eliana eliane elias elisa elisabete elizabeth eloa eloisa elsa elza emanuel
    emanuela emanuelle emilia emiliano emilio emily emma enrique enzo eric erica erick erika ernesto esteban estefania
    esther eugenia eugenio evelyn fabiana fabiano fabio fabiola fabricio federico felicia felipe fernanda fernando
    filipa filipe flavia flavio francisca francisco gabriel gabriela gabriele geovana geraldo gerardo giovana giovanna
    giovanni gisele gladys gonzalo graciela guilherme guillermo gustavo heitor helena helio heloisa henrique heloise
    hernan hilda horacio hugo humberto ignacio igor ines irene isabel isabela isabella isadora ivan ivana ivone jacob
    jacqueline jaime james janaina jane janet jaqueline javier jean jennifer jessica jimena joana joao joaquim joaquin
    joel john jonas jonathan jordi jorge jose josefa josefina joseph joshua josue juan juana juliana juliano julie
    julieta junior karen karina karla katia kelly kevin laercio larissa laura lauren leandro leila leonardo
    leonel leonor leticia lidia liliana lilian livia lorena lorenzo luana luca lucas lucia luciana luciano lucila luis
    luisa luiz luiza lurdes maicon maite manuel manuela marcela marcelo marcia marcio marco marcos maria mariana
    mariano marianela maribel maricela mario marisa marisol maristela marlene marta martha martin martina mary mateo
    matheus mateus matias matilde matthew mauricio mauro maximiliano mayara melissa merce micaela michael michele
    michelle miguel milena milton miriam moises monica murilo nadia nancy natalia natalie natasha nathalia nelson nestor
    nicolas nicole nilson nilton noelia nora norberto norma nuria octavio olga olivia orlando oscar osvaldo otavio
    pablo pamela paola patricia patricio patrick paula paulina paulo pedro penelope peter priscila rafael rafaela
    raimundo ramiro ramona raquel raul rebeca rebecca regina reginaldo renan renata renato ricardo richard rita
    robert roberta roberto robson rocio rodolfo rodrigo rogerio romina ronaldo rosana rosangela roxana ruben ruth ryan
    sabrina samanta samantha samuel sandra sara sarah sebastian sebastiao sergio sheila silvana silvia silvio simone
    sofia solange sonia sophia stefany stephanie steven susan susana suzana suely tais talita tamara tania tatiana
    tatiane teresa tereza thais thiago thomas tiago tomas ursula valdir valentina valeria vanderlei vanesa vanessa
    vanderleia veronica vicente victor vinicius virgilio vitor vivian viviana viviane wagner walter wanda
    wellington wesley wilson william willian ximena yago yan yara yasmin yolanda yuri zelia zuleica
    """.split()
)

LAST: Final = FIRST | frozenset(
    """
    acosta aguiar aguilar almeida alonso alvarez alves amaral anderson andrade aquino araujo arias assis azevedo
    barbosa barros batista bezerra blanco borges braga brito brown caballero cabral cabrera calderon campos cardenas
    cardoso carvalho castillo castro cavalcante cavalcanti cervantes chavez clark coelho contreras cordeiro correa
    correia cortes costa cruz cunha davis delgado dias diaz dominguez duarte escobar espinoza estrada evans farias
    fernandes fernandez ferreira figueiredo flores fonseca fontes franco freitas fuentes garcia gimenez godoy gomes
    gomez goncalves gonzaga gonzales gonzalez green guerra guerrero guimaraes gutierrez guzman hall harris hernandez
    herrera ibarra jackson jimenez johnson jones juarez king leal leite lee leon lewis lima lopes lopez luna macedo
    machado maciel magalhaes maia maldonado marin marques marquez martinez martins matos mata medeiros medina meireles
    melo mello mendes mendez mendoza menezes miller miranda molina monteiro moore mora moraes morais morales moreira
    moreno moreira moura munoz nascimento navarro neves nogueira nunes nunez oliveira ortega ortiz pacheco padilla
    paiva paz peixoto pena peralta pereira perez pinheiro pinto pires ponce porto prado queiroz quintero ramirez ramos
    rangel reis reyes rezende ribeiro rios rivas rivera robinson rocha rodrigues rodriguez rojas romero rosa rosales
    rosario rubio ruiz salazar salinas sales sampaio sanchez sandoval santana santiago santos scott serrano serra silva
    silveira silvestre simoes smith soares solis sosa soto sousa souza suarez tavares taylor teixeira thompson toledo
    torres trujillo valdez valencia valenzuela vargas vasconcelos vasquez vaz vazquez vega velasco velasquez vera viana
    vieira vidal villanueva walker white williams wright xavier young zapata zamora
    """.split()
)
"""Names that count after a first name."""
