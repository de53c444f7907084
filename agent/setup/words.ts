/**
 * 2048 short English words, eleven bits each; no two share their first four letters. Based on the word list of BIP-39,
 * without the words nobody wants to see on their own front page. Never change a word or the order: fingerprints are
 * compared across releases.
 */
export const words: readonly string[] = `
abandon ability able about above absent absorb abstract absurd access accident account achieve acid acorn acoustic
acquire across act action actor actress actual adapt add address adjust admit adult advance advice aerobic affair
afford again age agent agree ahead aim air airport aisle alarm album alert all alley allow almost alone alpha
already also alter always amateur amazing amber among amount amused analyst anchor ancient anger angle animal ankle
announce annual another answer antenna antique anxiety any apart apology appear apple approve april arch arctic area
arena argue arm armed armor army around arrange arrive arrow art artefact artist artwork ash ask aspect assault
asset assist assume asthma athlete atlas atom attend attitude attract auction audit august aunt author auto autumn
average avocado avoid awake aware away awesome awful awkward axis baby bachelor bacon badge bag bakery balance
balcony ball bamboo banana banjo banner bar barely bargain barley barrel base basic basket battle bay beach bean
beauty beaver because become beef before begin behave behind believe below belt bench benefit best better between
beyond bicycle bid bike bind biology birch bird birth bitter black blade blanket blast bless blind blossom blouse
blue blur blush board boat body boil bone bonfire bonus book boost border boring borrow boss bottom bounce box boy
bracket brain bramble brand brass brave bread breeze brick bridge brief bright bring brisk broccoli broken bronze
broom brother brown brush bubble bucket bud buddy budget buffalo build bulb bulk bundle bunker burger burst bus
business busy butter buyer buzz cabbage cabin cable cactus cage cake call calm camera camp can canal candy cannon
canoe canvas canyon capable capital captain car caramel carbon card cargo carpet carry cart case cash casino castle
casual cat catalog catch category cattle caught cause caution cave cedar ceiling celery cement census century cereal
certain chair chalk champion change chaos chapter charge chase chat cheap check cheese chef cherry chest chicken
chief child chimney choice choose chronic chuckle chunk churn cigar cinema cinnamon circle citizen city civil claim
clap clarify claw clay clean clerk clever click client cliff climb clinic clip clock clog close cloth cloud clover
clown club clump cluster clutch coach coast cobalt coconut code coffee coil coin collect color column combine come
comfort comic common company concert conduct confirm congress connect consider control convince cook cool copper
copy coral core cork corn correct cost cotton couch country couple course cousin cover coyote crack cradle craft
cram crane crater crawl cream credit creek crew cricket crisp critic crocus crop cross crouch crowd crucial cruise
crumble crunch crush crystal cube cuckoo culture cup cupboard curious current curtain curve cushion custom cute
cycle dad daffodil daisy damp dance daring dash daughter dawn day deal debate debris decade december decide decline
decorate decrease deer defense define degree delay deliver demand demise denial dentist depart depend deposit depth
deputy derive describe desert design desk detail detect develop device devote dew diagram dial diamond diary dice
diesel diet differ digital dignity dilemma dinner dinosaur direct disagree discover dish dismiss disorder display
distance divert divide dizzy doctor document dog doll dolphin domain dome donate donkey donor door dose double dove
draft dragon drama drastic draw dream dress drift drill drink drip drive drop drum dry duck dune during dust dutch
duty dwarf dynamic eager eagle early earn earth easily east easy echo ecology economy edge edit educate effort egg
eight either elbow elder electric elegant element elephant elevator elite elm else embark ember embody embrace
emerge emotion employ empower empty enable enact end endless endorse energy enforce engage engine enhance enjoy
enlist enough enrich enroll ensure enter entire entry envelope episode equal equip era erase erode erosion erupt
escape essay essence estate eternal ethics evidence evoke evolve exact example excess exchange excite exclude excuse
execute exercise exhaust exhibit exile exist exit exotic expand expect expire explain expose express extend extra
eye eyebrow fabric face faculty fade faint faith fall false fame family famous fan fancy fantasy farm fashion father
fatigue favorite feature february federal fee feed feel female fence fennel fern festival fetch fever few fiber
fiction field fig figure file film filter final finch find fine finger finish fire firm first fiscal fish fit
fitness fix fjord flag flame flannel flash flat flavor flee flight flip float flock floor flower fluid flush flute
fly foam focus fog foil fold follow food foot force forest forget fork fortune forum forward fossil foster found fox
foxglove fragile frame frequent fresh friend fringe frog front frost frown frozen fruit fuel fun funny furnace fury
future gadget gain galaxy gallery game gap garage garbage garden garlic garment garnet gas gasp gate gather gauge
gaze general genius genre gentle genuine gesture geyser ghost giant gift giggle ginger ginkgo giraffe girl give
glacier glad glance glare glass glide glimpse globe gloom glory glove glow glue goat goddess gold good goose gorilla
gospel govern gown grab grace grain grant grape grass gravity great green grid grief grit grocery group grow grunt
guard guess guide guitar gull gym habit hair half hamlet hammer hamster hand happy harbor hard harp harvest hat have
hawk hazard hazel head health heart heather heavy hedgehog height hello helmet help hen hero hickory hidden high
hill hint hip hire history hive hobby hockey hold hole holiday hollow home honey hood hope horn horse hospital host
hotel hour hover hub huge human humble humor hundred hunt hurdle hurry husband hyacinth hybrid ice iceberg icon idea
identify igloo ignore ill illegal illness image imitate immense immune impact impose improve impulse inch include
income increase index indicate indoor industry infant inflict inform inhale inherit initial inject inner innocent
input inquiry insane insect inside inspire install intact interest into invest invite involve iris iron island
isolate issue item ivory ivy jacket jade jaguar jar jasmine jazz jeans jelly jewel jigsaw job join joke journey joy
judge juice jump jungle junior junk just kangaroo keen keep kelp ketchup kettle key kick kid kidney kind kingdom
kiss kit kitchen kite kitten kiwi knee knock know lab label labor ladder lady lagoon lake lamp language lantern
laptop larch large lark later latin laugh laundry lava lavender law lawn layer lazy leader leaf learn leave lecture
left leg legal legend leisure lemon lend length lens leopard lesson letter level liberty library license life lift
light like lilac lily limb limit linden link lion liquid list little live lizard load loan lobster local lock logic
long loop lottery lotus loud lounge love loyal lucky luggage lullaby lumber lunar lunch lupin luxury lyrics machine
magic magnet magpie maid mail main major make mallow mammal man manage mandate mango mansion manual maple marble
march margin marine market marriage mask mass master match material math matrix matter maximum maze meadow mean
measure meat mechanic medal media melody melt member memory mention menu mercy merge merit merry mesh message metal
method middle midnight milk million mimic mind minimum minor mint minute miracle mirror misery miss mistake mix
mixed mixture mobile model modify mom moment monitor monkey monster month moon moral more morning mosquito moss
mother motion motor mountain mouse move movie much muffin mule multiply muscle museum mushroom music must mutual
myself mystery myth naive name napkin narrow nation nature near neck nectar need negative neglect neither nephew
nerve nest net nettle network neutral never news next nice night noble noise nominee noodle normal north nose
notable note nothing notice novel now nuclear number nurse nut nutmeg oak oasis obey object oblige oboe obscure
observe obtain obvious occur ocean ocelot october odor off offer office often oil okay old olive olympic omit once
one onion online only opal open opera opinion oppose option orange orbit orchard order ordinary organ orient
original orphan osprey ostrich other otter outdoor outer output outside oval oven over own owner oxygen oyster ozone
pact paddle page pair palace palm panda panel pansy panther papaya paper parade parent park parrot parsley party
pass patch path patient patrol pattern pause pave payment peace peanut pear peasant pebble pelican pen pencil peony
people pepper perfect permit person pet petal phone photo phrase physical piano picnic picture piece pigeon pilot
pine pink pioneer pipe pitch pizza place planet plastic plate play please pledge pluck plug plum plunge poem poet
point polar pole police pond pony pool poppy popular portion position possible post potato pottery powder power
practice praise predict prefer prepare present pretty prevent price pride primary print priority private prize
problem process produce profit program project promote proof property prosper protect proud provide public pudding
puffin pull pulp pulse pumpkin pupil puppy purchase purity purpose purse push put puzzle pyramid quality quantum
quarter question quick quit quiz quote rabbit raccoon race rack radar radio rail rain raise rally ramp ranch random
range rapid rare rate rather raven raw razor ready real reason rebuild recall receive recipe record recycle reduce
reflect reform refuse region regret regular reject relax release relief rely remain remember remind remove render
renew rent reopen repair repeat replace report require rescue resemble resist resource response result retire
retreat return reunion reveal review reward rhythm rib ribbon rice rich ride ridge right rigid ring ripple risk
ritual rival river road roast robot robust rocket romance roof rookie room rose rotate rough round route royal
rubber rug rule run runway rural saddle sadness safe sail salad salmon salon salt salute same sample sand satisfy
satoshi sauce sausage save say scale scan scatter scene scheme school science scissors scout scrap screen script
scrub sea search season seat second secret section security seed seek segment select sell seminar senior sense
sentence series service session settle setup seven shadow shaft shallow share shed shell sheriff shield shift shine
ship shiver shoe shop short shoulder shrimp shrug shuffle shy sibling side siege sight sign silent silk silly silver
similar simple since sing siren sister situate six size skate sketch ski skill skin skirt slab sleep slender slice
slide slight slim slogan slot slow slush small smart smile smoke smooth snack snap snow soap soccer social sock soda
soft solar solid solution solve someone song soon sorry sort soul sound soup source south space spare spatial spawn
speak special speed spell spend sphere spice spider spike spin spirit split spoil sponsor spoon sport spot spray
spread spring spy square squeeze squirrel stable stadium staff stage stairs stamp stand start state stay steak steel
stem step stereo stick still sting stock stomach stone stool story stove strategy street strike strong struggle
student stuff stumble style subject submit subway success such sudden sugar suggest suit summer sun sunny sunset
super supply supreme sure surface surge surprise surround survey suspect sustain swallow swamp swap swarm sweet
swift swim swing switch sword symbol symptom syrup system table tackle tag tail talent talk tank tape target task
taste tattoo taxi teach team tell ten tenant tennis tent term test text thank that theme then theory there they
thing this thought three thrive throw thumb thunder ticket tide tiger tilt timber time tiny tip tired tissue title
toast tobacco today toddler toe together token tomato tomorrow tone tongue tonight tool tooth top topic topple torch
tornado tortoise toss total tourist toward tower town toy track trade traffic tragic train transfer trap travel tray
treat tree trend trial tribe trick trigger trim trip trophy trouble truck true truly trumpet trust truth try tube
tuition tumble tuna tunnel turkey turn turtle twelve twenty twice twin twist two type typical umbrella unable
unaware uncle uncover under undo unfair unfold unhappy uniform unique unit universe unknown unlock until unusual
unveil update upgrade uphold upon upper upset urban urge usage use used useful useless usual utility vacant vacuum
vague valid valley valve van vanish vapor various vast vault vehicle velvet vendor venture venue verb verify version
very vessel veteran viable vibrant vicious victory video view village vintage violin virtual visa visit visual vital
vivid vocal voice void volcano volume vote voyage wage wagon wait walk wall walnut want warm wash wasp water wave
way wealth wear weasel weather web wedding weekend weird welcome west wet whale what wheat wheel when where whip
whisper wide width wife wild will win window wing wink winner winter wire wisdom wise wish witness wolf woman wonder
wood wool word work world worry worth wrap wrestle wrist write wrong yard year yellow you young youth zebra zero
zone zoo
`
  .trim()
  .split(/\s+/)

/** The first 44 bits of a hex digest as four words, separated by spaces. */
export function fourWords(hexDigest: string): string {
  const bits = BigInt(`0x${hexDigest.slice(0, 11)}`)
  return [33n, 22n, 11n, 0n].map((shift) => words[Number((bits >> shift) & 2047n)]).join(' ')
}
