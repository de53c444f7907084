import type { ProblemWords } from './en.ts'

/** Ce qui ne va pas avec un collecteur ou un témoin, selon le code avec lequel cela arrive (agent/publish/push). */
export const places: ProblemWords = {
  'place.no-address': ({ name }) => ({
    what: `${name} ne peut pas être utilisé : ce n’est pas une adresse.`,
    next: 'Écrivez-en une comme https://example.org/ledger/.',
  }),
  'place.no-https': ({ name }) => ({
    what: `${name} ne peut pas être utilisé : l’adresse ne commence pas par https.`,
    next: 'Écrivez-en une qui commence par https://.',
  }),
  'place.port': ({ name, port, usual }) => ({
    what: `${name} ne peut pas être utilisé : ce serveur n’atteint pas le port ${port}.`,
    next: `Choisissez un endroit qui répond sur le port ${usual}.`,
  }),
  'place.at-home': ({ name, host }) => ({
    what: `${name} ne peut pas être utilisé : ${host} est un appareil de la maison.`,
    next: 'Choisissez-en un sur internet : ce que seule la maison peut lire n’est pas publié.',
  }),
  'place.over-grant': () => ({
    what: 'Il faudrait plus d’octets qu’il n’en était réservé.',
    next: 'Un nouvel essai se fera avec davantage.',
  }),
  'place.failed': ({ reason }) => ({
    what: `Cela n’a pas marché : ${reason}.`,
    next: 'Un nouvel essai se fera tout seul.',
  }),
  'place.unsaid': () => ({
    what: 'Cela n’a pas marché, et personne n’a dit pourquoi.',
    next: 'Un nouvel essai se fera tout seul. Si cela continue, redémarrez le serveur.',
  }),
  'place.log': ({ file, at, reason }) => ({
    what: `Ce qui s’y trouve du journal n’est pas correct (${file} sous ${at} : ${reason}).`,
    next: 'Demandez à qui s’occupe de cet endroit ce qui s’est passé.',
  }),
  'place.no-copy': () => ({
    what: 'Il n’y a pas de copie du journal à cet endroit.',
    next: 'Attendez la copie d’un collecteur, ou commencez un autre journal à sa place.',
  }),
  'place.copy': ({ reason }) => ({
    what: `La copie qui s’y trouve ne va pas avec le journal d’ici (${reason}).`,
    next: 'Attendez la copie d’un autre collecteur, ou commencez un autre journal à sa place, sur la page du rapport public, sous Coûts.',
  }),
  'place.no-key': () => ({
    what: 'Le serveur n’a pas pu créer sa clé pour SFTP.',
    next: 'Voyez s’il reste de la place, et redémarrez-le.',
  }),
  'place.conflict': () => ({
    what: 'Il s’y trouve des lignes de ce journal qui manquent ici, ou d’autres lignes.',
    next: 'Rien n’a été envoyé. Ce serveur est revenu à un état plus ancien, ou un autre a sa clé : dites lequel sur la page du rapport public.',
  }),
  'place.foreign': () => ({
    what: 'Il s’y trouve un journal de ce nom, signé par une autre clé.',
    next: 'Rien n’a été envoyé. Demandez à qui s’occupe du collecteur de qui il vient.',
  }),
  'place.redirect': ({ host, to }) => ({
    what: `${host} renvoie à une autre adresse : ${to === '' ? 'il ne dit pas laquelle' : to}.`,
    next: 'Écrivez-la à sa place si elle est juste.',
  }),
  'place.login': (facts) => ({
    what: answered(facts),
    next: 'Vérifiez le nom et le mot de passe, et qu’ils permettent d’y écrire.',
  }),
  'place.folders': (facts) => ({
    what: answered(facts),
    next: 'L’endroit doit créer lui-même les dossiers qui manquent (avec nginx : create_full_put_path on).',
  }),
  'place.no-put': (facts) => ({
    what: answered(facts),
    next: 'On n’y accepte pas de fichiers par PUT : vérifiez l’adresse.',
  }),
  'place.full': (facts) => ({
    what: answered(facts),
    next: 'Faites-y de la place, ou permettez-y de plus grands fichiers.',
  }),
  'place.answer': (facts) => ({
    what: answered(facts),
    next: 'Un nouvel essai sera fait. Si cela continue, demandez à qui s’en occupe.',
  }),
  'place.slow': ({ host }) => ({
    what: `${host} n’a pas répondu à temps.`,
    next: 'Un nouvel essai sera fait. Si cela continue, demandez à qui s’en occupe.',
  }),
  'place.name': ({ host }) => ({
    what: `Le nom ${host} est introuvable.`,
    next: 'Vérifiez-le, et qu’internet fonctionne.',
  }),
  'place.certificate': ({ host, reason }) => ({
    what: `${host} n’a pas de certificat auquel se fier (${reason}).`,
    next: 'Demandez à qui s’en occupe de le renouveler.',
  }),
  'place.unreachable': ({ host, reason }) => ({
    what: `${host} est injoignable (${reason}).`,
    next: 'Vérifiez l’adresse ; un nouvel essai sera fait.',
  }),
  'place.s3-region': (facts) => ({
    what: answered(facts),
    next: 'Écrivez l’adresse et la région du bucket telles que le fournisseur les donne.',
  }),
  'place.s3-access': (facts) => ({
    what: answered(facts),
    next: 'Permettez à la clé d’écrire dans ce dossier (s3:PutObject).',
  }),
  'place.s3-key-id': (facts) => ({
    what: answered(facts),
    next: 'Copiez de nouveau l’identifiant de la clé chez le fournisseur.',
  }),
  'place.s3-bucket': (facts) => ({
    what: answered(facts),
    next: 'Vérifiez le nom du bucket.',
  }),
  'place.s3-clock': (facts) => ({
    what: answered(facts),
    next: 'L’horloge de ce serveur n’est pas à l’heure : regardez la page Diagnostic.',
  }),
  'place.s3-secret': (facts) => ({
    what: answered(facts),
    next: 'Copiez de nouveau la clé secrète chez le fournisseur, et vérifiez la région.',
  }),
  'place.s3-keys': (facts) => ({
    what: answered(facts),
    next: 'Vérifiez l’identifiant de la clé, la clé secrète et la région.',
  }),
  'place.s3-answer': (facts) => ({
    what: answered(facts),
    next: 'Un nouvel essai sera fait. Si cela continue, vérifiez l’adresse, la région et le bucket.',
  }),
  'place.sftp-name': () => ({
    what: 'Cet endroit SFTP ne peut pas être utilisé tel qu’il est écrit.',
    next: 'Retirez-le, et ajoutez-le de nouveau.',
  }),
  'place.sftp-host-key': ({ host }) => ({
    what: `${host} montre une autre clé que celle que vous avez donnée.`,
    next: 'Comparez-la avec celle qu’indique le fournisseur ; quelqu’un d’autre répond peut-être à sa place.',
  }),
  'place.sftp-login': ({ host, user, key }) => ({
    what: `${host} ne laisse pas entrer ${user}.`,
    next: `Autorisez-y la clé de ce serveur : ${key}`,
  }),
  'place.sftp-file': ({ host, reason, folder, user }) => ({
    what: `${host} n’a pas accepté un fichier (${reason}).`,
    next: `Vérifiez que ${folder === '' ? 'le dossier du compte' : `le dossier ${folder}`} existe et que ${user} peut y écrire.`,
  }),
  'witness.ahead': ({ host, seen, size }) => ({
    what: `${host} a vu ${seen} lignes de ce journal ; il y en a ${size} ici.`,
    next: 'Plus rien n’est signé avant que vous ayez regardé : ce serveur est revenu à un état plus ancien, ou un autre a sa clé.',
  }),
  'witness.unknown-log': ({ host, status, said, origin }) => ({
    what: `${host} a répondu ${status} : ${said}.`,
    next: `Demandez à qui s’occupe du témoin d’accepter le journal ${origin} et sa clé.`,
  }),
  'witness.history': ({ host, status, said }) => ({
    what: `${host} a répondu ${status} : ${said}.`,
    next: 'Le témoin connaît une autre histoire de ce journal : comparez les deux.',
  }),
  'witness.answer': ({ host, status, said }) => ({
    what: `${host} a répondu ${status} : ${said}.`,
    next: 'Un nouvel essai sera fait. Si cela continue, demandez à qui s’occupe du témoin.',
  }),
  'witness.no-signature': ({ host, size }) => ({
    what: `Ce que ${host} a répondu pour ${size} lignes n’est pas une signature.`,
    next: 'Vérifiez l’adresse du témoin.',
  }),
  'witness.unsigned': () => ({
    what: 'Le témoin n’a pas signé.',
    next: 'Il sera de nouveau demandé tout seul. Si cela continue, vérifiez sa clé.',
  }),
}

function answered({ host, status, path }: Parameters<ProblemWords[string]>[0]): string {
  return `${host} a répondu ${status} pour ${path}.`
}
