// 256 words of each language, for the five that both sides of an invite compare. Their
// order is part of the format (docs/circles.md): it never changes.

export const lists = {
  en: `
acorn almond amber anchor apple apron arrow aspen attic autumn badge bagel baker balcony bamboo banjo barley barn
basket beach beacon beaver bench berry bicycle birch blanket blossom boat bonfire book bottle bowl branch bread breeze
brick bridge broom brush bucket butter button cabin cactus camel candle canoe canvas caravan carpet carrot castle
cedar cello chalk cherry chestnut chimney cider cinnamon circus cliff clock cloud clover coast cobalt cocoa coffee
comet compass copper coral corner cotton cousin cradle crane creek cricket crocus crown crystal cushion daisy dancer
dawn desert diary dolphin donkey door dove dragon drum dune eagle easel echo elbow ember engine fable falcon farmer
feather fennel fern ferry fiddle field finch flame flint flour flute forest fossil fountain fox garden garlic ginger
glacier glass glove gondola goose granite grape gravel guitar hammer harbour harp harvest hazel heather hedge helmet
heron hill honey horizon horse island ivory ivy jacket jasmine jelly jewel jungle kettle kitchen kite ladder lagoon
lake lamp lantern lark lavender leaf lemon library lilac lily linen lion lizard lobster locket lotus magnet mango
maple marble market meadow melon mill mirror mitten moon moss mountain mustard nectar needle nest nickel novel oak
oasis ocean olive onion opal orange orchard otter oven owl oyster paddle paper parcel parsley peach pearl pebble
pencil pepper piano pilot pine planet plum pocket pond poppy potato prairie pumpkin quartz quill rabbit radish raft
rain raisin raven reed ribbon river robin rocket rose ruby saddle saffron salmon salt sand scarf shadow shell shepherd
silver snow spoon spruce stable star`,
  it: `
acero aceto acqua aglio airone ala alba albero alloro amaca ambra ancora anello angolo anguria aquila arancia arco
argento aria armadio asino astro avena avorio bacca balcone balena bambù banco barca basilico baule biscotto bosco
bottone brezza bronzo bussola cacao caffè calamita calzino camino campana campo candela canguro canoa cantina capra
carbone carciofo carota carta castagna castello cavallo cedro cerchio cesto chiave chiesa chiodo ciclamino ciliegia
cielo cigno cinema cipolla civetta collana collina colomba cometa conchiglia coniglio corallo corda corona cortile
corvo cotone cristallo cuoco cuscino danza delfino deserto diario disco divano dolce drago duna edera elmo erba estate
fagiolo falco farfalla farina faro farro fata favola felce fico fieno finestra fiocco fiore fiume flauto foglia folla
fontana forbice foresta forno fragola fungo fuoco gabbiano gallo gamba garofano gatto gelato gelso gessetto ghiaccio
ghianda giada giardino giglio giostra girasole gomitolo gondola granchio grano grillo grotta gufo guscio iris isola
lago lama lampada lampone lana lavanda leone lepre lettera libro limone lince lino liquore lucciola luna lupo maggio
maglia mandorla mango mantello mare marmo martello mattone medusa mela melone menta mercato merlo miele mirtillo mito
molo monte mora mosaico mulino muschio muro nastro nave nebbia neve nido nocciola noce nonna nuvola oasi oca oceano
oliva ombra onda opale orchidea orecchio orso orto orzo ostrica pagina palma pane panno papavero parco passero pastore
patata pecora penna pepe pera perla pesca pesce petalo piano pietra pino pioggia pirata piuma poesia ponte porto prato
prugna quadro quercia radice ramo rana riccio riso rosa rovo rubino ruota sabbia sale salice salmone`,
};

/** The words at some places of a language's list. */
export function phraseIn(lang, places) {
  const words = (lists[lang] ?? lists.en).trim().split(/\s+/);
  return places.map((n) => words[n]).join(" ");
}
