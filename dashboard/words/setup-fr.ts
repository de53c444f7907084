import type { ProblemWords } from './en.ts'

const compare = 'Comparez la ligne avec hearth-example.yaml. Ce qui est au-dessus a été utilisé.'
const again = 'Redémarrez le serveur.'
const wifiPassword = 'Recopiez-le depuis le routeur. S’il contient # ou :, mettez-le entre guillemets.'
const inSettings = 'Changez-le dans les Réglages.'
/** Où se trouve ce qui ne vient plus de la carte après le premier démarrage. */
const later: Record<string, string> = {
  'ssh-key': 'Les clés SSH ne sont prises qu’au premier démarrage.',
  'claim-hash': 'Le serveur garde le code qu’il a.',
}

/** Ce qui n’a pas marché à l’installation (agent/setup), et ce que l’assistant refuse (agent/helper), selon le code. */
export const setup: ProblemWords = {
  'seed.too-big': ({ kib }) => ({
    what: `Le fichier dépasse ${kib} Kio.`,
    next: 'Recommencez à partir de hearth-example.yaml.',
  }),
  'seed.encoding': ({ encoding }) => ({
    what: `Le fichier n’est pas un texte ${encoding} valable.`,
    next: 'Enregistrez-le en UTF-8 : dans le Bloc-notes, « Enregistrer sous », encodage « UTF-8 ».',
  }),
  'seed.half-written': () => ({
    what: 'À partir d’ici le fichier est vide : il n’a pas été écrit jusqu’au bout.',
    next: 'Écrivez-le de nouveau, et éjectez la carte ou la clé avant de la retirer.',
  }),
  'seed.tab': () => ({
    what: 'La ligne est décalée par une tabulation.',
    next: 'Mettez deux espaces à la place de la tabulation.',
  }),
  'seed.indent': () => ({ what: 'Le décalage ne correspond pas aux lignes du dessus.', next: compare }),
  'seed.quote': () => ({ what: 'Il manque un guillemet : le texte ne se termine jamais.', next: compare }),
  'seed.incomplete': () => ({
    what: 'Il manque quelque chose ici, peut-être un deux-points ou un crochet.',
    next: compare,
  }),
  'seed.first-character': () => ({
    what: 'Une valeur ne peut commencer par ce caractère qu’entre guillemets.',
    next: "Mettez la valeur entre guillemets : '…'.",
  }),
  'seed.colon': () => ({ what: 'Il manque le deux-points après le nom d’une ligne.', next: compare }),
  'seed.syntax': ({ reason }) => ({ what: `Cela ne se lit pas comme du YAML (${reason}).`, next: compare }),
  'seed.no-lines': () => ({
    what: 'Le fichier n’a pas de lignes « nom: valeur ».',
    next: 'Comparez-le avec hearth-example.yaml.',
  }),
  'seed.reference': () => ({
    what: 'Une valeur qui commence par * est un renvoi, que le serveur ne suit pas.',
    next: 'Écrivez la valeur elle-même. Si elle commence par une étoile, mettez-la entre guillemets.',
  }),
  'seed.too-deep': () => ({
    what: 'Le fichier a trop de niveaux.',
    next: 'Comparez-le avec hearth-example.yaml.',
  }),
  'seed.two-files': ({ read }) => ({
    what: `Il y a un autre fichier de départ à côté de ${read}. Il n’a pas été lu.`,
    next: 'Gardez un seul des deux.',
  }),
  'seed.duplicate': ({ key }) => ({
    what: `« ${key} » s’y trouve deux fois. Le premier est utilisé.`,
    next: 'Enlevez-en un.',
  }),
  'seed.unknown-key': ({ key, meant, known }) => ({
    what: `Le serveur ne connaît pas « ${key} ».`,
    next: meant === '' ? `Ce qui peut être ici : ${known}.` : `Vouliez-vous dire « ${meant} » ?`,
  }),
  'seed.empty': ({ name }) => ({
    what: `« ${name} » n’a pas de valeur.`,
    next: 'Écrivez-en une, ou mettez un # devant la ligne.',
  }),
  'seed.not-text': ({ name }) => ({
    what: `« ${name} » doit être une seule valeur.`,
    next: 'Comparez-le avec hearth-example.yaml.',
  }),
  'seed.control': ({ name }) => ({
    what: `« ${name} » contient un retour à la ligne ou un autre caractère invisible.`,
    next: 'Écrivez-le sur une seule ligne.',
  }),
  'seed.name': ({ text }) => ({
    what: `« ${text} » ne peut pas être le nom d’un serveur.`,
    next: 'Prenez des lettres, des chiffres et des traits d’union, 63 au plus.',
  }),
  'seed.language': ({ text, known }) => ({
    what: `Le serveur ne parle pas encore « ${text} ».`,
    next: `Prenez l’une de celles-ci : ${known}.`,
  }),
  'seed.timezone': ({ text, meant }) => ({
    what: `« ${text} » n’est pas un fuseau horaire.`,
    next: meant === '' ? 'Écrivez-le comme Europe/Paris.' : `Vouliez-vous dire « ${meant} » ?`,
  }),
  'seed.private-key': () => ({
    what: 'C’est une clé privée. Elle a maintenant été sur cette carte ou cette clé USB.',
    next: 'Créez une nouvelle paire de clés, et mettez ici la ligne du fichier .pub.',
  }),
  'seed.ssh-key': () => ({
    what: 'Ce n’est pas une clé publique d’OpenSSH.',
    next: 'Copiez toute la ligne du fichier .pub : ssh-ed25519 AAAA… nom.',
  }),
  'seed.claim-hash': () => ({
    what: 'Ce n’est pas l’empreinte d’un code de prise en main. Le serveur s’est fait un code à lui.',
    next: 'Créez l’empreinte avec : hearth claim-hash.',
  }),
  'seed.wifi': () => ({
    what: 'Sous « wifi » il faut les lignes country, ssid et password.',
    next: 'Comparez avec hearth-example.yaml : deux espaces devant chacune d’elles.',
  }),
  'seed.wifi-no-country': () => ({
    what: 'Sous « wifi » il manque le pays.',
    next: 'Ajoutez le pays où se trouve le serveur, par exemple country: FR. Sans lui, la radio n’est pas permise.',
  }),
  'seed.imager-no-country': () => ({
    what: 'Il manque le pays du Wi-Fi.',
    next: 'Choisissez-le dans Raspberry Pi Imager à côté du Wi-Fi, et écrivez la carte de nouveau.',
  }),
  'seed.wifi-country': ({ text }) => ({
    what: `« ${text} » n’est pas un pays.`,
    next: 'Écrivez ses deux lettres, par exemple FR, BE, CH.',
  }),
  'seed.wifi-no-ssid': () => ({
    what: 'Sous « wifi » il manque ssid.',
    next: 'Ajoutez le nom de votre Wi-Fi : ssid: …',
  }),
  'seed.wifi-ssid': () => ({
    what: 'Le nom du Wi-Fi est plus long qu’un Wi-Fi ne le permet (32 octets).',
    next: 'Recopiez-le depuis un autre appareil.',
  }),
  'seed.wifi-no-password': () => ({
    what: 'Sous « wifi » il manque le mot de passe.',
    next: 'Ajoutez-le, ou security: open.',
  }),
  'seed.wifi-computed': () => ({
    what: 'WPA3 a besoin du mot de passe lui-même, pas d’une clé calculée.',
    next: 'Écrivez le mot de passe du Wi-Fi.',
  }),
  'seed.wifi-length': ({ length }) => ({
    what: `Le mot de passe a ${length} caractères ; celui d’un Wi-Fi en a de 8 à 63.`,
    next: wifiPassword,
  }),
  'seed.wifi-character': () => ({
    what: 'Le mot de passe contient un caractère qu’un mot de passe de Wi-Fi ne peut pas avoir.',
    next: wifiPassword,
  }),
  'seed.wifi-security': ({ text, known }) => ({
    what: `« ${text} » n’est pas une sécurité de Wi-Fi.`,
    next: `Prenez l’une de celles-ci : ${known}.`,
  }),
  'seed.not-taken': ({ key }) => ({
    what: `« ${key} » n’a pas été pris : après le premier démarrage, le serveur ne prend ici que le Wi-Fi.`,
    next: later[String(key)] ?? inSettings,
  }),

  'setup.space': () => ({
    what: 'La place pour les données n’a pas pu être agrandie jusqu’au bout de la carte ou du disque.',
    next: 'Redémarrez le serveur ; si cela continue, prenez une autre carte ou un autre disque.',
  }),
  'setup.seed': () => ({
    what: 'La carte ou la clé avec le fichier de départ n’a pas pu être lue.',
    next: 'Redémarrez le serveur, ou écrivez l’image de nouveau.',
  }),
  'setup.names': () => ({ what: 'Le serveur n’a pas pu prendre son nom.', next: again }),
  'setup.ssh': () => ({ what: 'L’accès par SSH n’a pas pu être préparé.', next: again }),
  'setup.wifi': () => ({
    what: 'Le Wi-Fi n’a pas pu être préparé.',
    next: 'Prenez un câble, ou redémarrez le serveur.',
  }),
  'setup.certificates': () => ({ what: 'Le serveur n’a pas pu créer ses certificats.', next: again }),
  'setup.claim': () => ({ what: 'Le serveur n’a pas pu créer son code de prise en main.', next: again }),
  'setup.folders': () => ({ what: 'Il n’y a pas encore de place pour les chiffres et les réglages.', next: again }),
  'setup.server': () => ({ what: 'Le serveur Fediverse n’a pas pu être préparé.', next: again }),
  'setup.web': () => ({ what: 'Les pages web n’ont pas pu être préparées.', next: again }),
  'setup.medium': () => ({
    what: 'Les fichiers de la carte ou de la clé n’ont pas pu être mis à jour : un mot de passe est peut-être encore dans le fichier de départ.',
    next: 'Supprimez-y hearth.yaml, user-data et network-config depuis un autre ordinateur.',
  }),

  'person.bad-id': ({ id }) => ({
    what: `« ${id} » ne peut pas être une adresse.`,
    next: 'Prenez de 1 à 30 lettres, chiffres ou _.',
  }),
  'person.reserved': ({ id }) => ({
    what: `« ${id} » est une adresse dont le serveur a besoin lui-même.`,
    next: 'Choisissez un autre nom court.',
  }),
  'person.bad-name': () => ({
    what: 'Ce nom ne peut pas être affiché.',
    next: 'Prenez de 1 à 100 caractères, sans retour à la ligne.',
  }),
  'person.exists': ({ id }) => ({
    what: `Il y a déjà un compte « ${id} ».`,
    next: 'Choisissez un autre nom court.',
  }),
  'person.missing': ({ id }) => ({
    what: `Il n’y a pas de compte « ${id} ».`,
    next: 'Rechargez la liste des personnes.',
  }),
  'person.failed': () => ({
    what: 'Le compte n’a pas pu être créé ou modifié.',
    next: 'Regardez les messages du serveur Fediverse sur la page Diagnostic, et s’il reste de la place.',
  }),

  'claim.wrong': ({ seconds }) => ({
    what: 'Le code n’est pas le bon, ou le serveur a déjà un propriétaire.',
    next: seconds === 0 ? 'Vérifiez le code et réessayez.' : `Attendez ${seconds} secondes et réessayez.`,
  }),
  'clock.trusted': () => ({
    what: 'L’horloge a déjà été mise à l’heure par internet.',
    next: 'Il n’y a rien à faire.',
  }),
  'clock.impossible': () => ({
    what: 'L’heure de ce navigateur est d’avant la création de ce système, ou de dizaines d’années après.',
    next: 'Mettez à l’heure l’appareil que vous utilisez, puis rechargez la page.',
  }),
  'disk.unsuitable': ({ name }) => ({
    what: `Le serveur ne peut pas déménager sur « ${name} ».`,
    next: 'Choisissez l’un des disques proposés ; un disque utilisé, amovible ou de moins de 8 Go ne convient pas.',
  }),
  'disk.small': ({ name }) => ({
    what: `Ce qui est sur le serveur ne tient pas sur « ${name} ».`,
    next: 'Choisissez un disque plus grand.',
  }),
  'disk.unconfirmed': ({ name }) => ({
    what: `Le déménagement efface tout sur « ${name} », et vous avez tapé un autre nom.`,
    next: `Tapez ${name} pour confirmer.`,
  }),
  'disk.moved': () => ({
    what: 'Le serveur a déménagé sur son disque interne.',
    next: 'Éteignez-le, retirez la clé, et rallumez-le.',
  }),
  'disk.moving': () => ({
    what: 'Le serveur déménage sur son disque interne.',
    next: 'Attendez qu’il ait fini.',
  }),
  'disk.move-failed': () => ({
    what: 'Le serveur n’a pas pu être copié sur le disque. Il continue depuis la clé ou la carte.',
    next: 'Réessayez. Si cela continue, le disque est peut-être usé : prenez-en un autre.',
  }),
  'helper.failed': () => ({
    what: 'Cela n’a pas marché ; la cause est dans le journal du serveur.',
    next: 'Réessayez. Si cela continue, redémarrez le serveur.',
  }),
  'arguments.wrong': () => ({
    what: 'L’une des indications ne convient pas.',
    next: 'Corrigez-la et envoyez-la de nouveau.',
  }),
}
