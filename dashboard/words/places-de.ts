import type { ProblemWords } from './en.ts'

/** Was mit Sammelstellen und Zeugen nicht geht, nach dem Code, mit dem es kommt (agent/publish/push). */
export const places: ProblemWords = {
  'place.no-address': ({ name }) => ({
    what: `${name} kann nicht verwendet werden: Das ist keine Adresse.`,
    next: 'Schreib eine wie https://example.org/ledger/.',
  }),
  'place.no-https': ({ name }) => ({
    what: `${name} kann nicht verwendet werden: Die Adresse beginnt nicht mit https.`,
    next: 'Schreib eine, die mit https:// beginnt.',
  }),
  'place.port': ({ name, port, usual }) => ({
    what: `${name} kann nicht verwendet werden: Der Server kommt nicht an den Port ${port}.`,
    next: `Nimm eine Stelle, die auf Port ${usual} antwortet.`,
  }),
  'place.at-home': ({ name, host }) => ({
    what: `${name} kann nicht verwendet werden: ${host} ist ein Gerät bei dir zu Hause.`,
    next: 'Nimm eines im Internet: Was nur das Zuhause lesen kann, ist nicht veröffentlicht.',
  }),
  'place.over-grant': () => ({
    what: 'Es bräuchte mehr Bytes, als dafür zurückgelegt waren.',
    next: 'Es wird mit mehr noch einmal versucht.',
  }),
  'place.failed': ({ reason }) => ({
    what: `Es ging nicht: ${reason}.`,
    next: 'Es wird von selbst noch einmal versucht.',
  }),
  'place.unsaid': () => ({
    what: 'Es ging nicht, und niemand hat gesagt, warum.',
    next: 'Es wird von selbst noch einmal versucht. Bleibt es so, starte den Server neu.',
  }),
  'place.log': ({ file, at, reason }) => ({
    what: `Was dort vom Protokoll liegt, stimmt nicht (${file} unter ${at}: ${reason}).`,
    next: 'Frag, wer die Stelle betreibt, was daraus geworden ist.',
  }),
  'place.no-copy': () => ({
    what: 'Dort ist keine Kopie des Protokolls.',
    next: 'Warte auf die Kopie einer Sammelstelle, oder beginne an seiner Stelle ein neues.',
  }),
  'place.copy': ({ reason }) => ({
    what: `Die Kopie dort passt nicht zu dem Protokoll hier (${reason}).`,
    next: 'Warte auf die Kopie einer anderen Sammelstelle, oder beginne an seiner Stelle ein neues Protokoll: unter Kosten, auf der Seite des öffentlichen Berichts.',
  }),
  'place.no-key': () => ({
    what: 'Der Server konnte seinen Schlüssel für SFTP nicht machen.',
    next: 'Sieh nach, ob noch Platz ist, und starte ihn neu.',
  }),
  'place.conflict': () => ({
    what: 'Dort sind Zeilen dieses Protokolls, die hier fehlen, oder andere.',
    next: 'Es wurde nichts gesendet. Dieser Server ist ein älterer Stand, oder ein anderer hat seinen Schlüssel: Sag auf der Seite des öffentlichen Berichts, was zutrifft.',
  }),
  'place.foreign': () => ({
    what: 'Dort ist ein Protokoll dieses Namens, das ein anderer Schlüssel unterschrieben hat.',
    next: 'Es wurde nichts gesendet. Frag, wer die Sammelstelle betreibt, von wem es ist.',
  }),
  'place.redirect': ({ host, to }) => ({
    what: `${host} schickt an eine andere Adresse: ${to === '' ? 'welche, sagt die Stelle nicht' : to}.`,
    next: 'Trag die an ihrer Stelle ein, wenn sie stimmt.',
  }),
  'place.login': (facts) => ({
    what: answered(facts),
    next: 'Prüfe Name und Passwort, und ob sie dort schreiben dürfen.',
  }),
  'place.folders': (facts) => ({
    what: answered(facts),
    next: 'Die Stelle muss fehlende Ordner selbst anlegen (bei nginx: create_full_put_path on).',
  }),
  'place.no-put': (facts) => ({
    what: answered(facts),
    next: 'Dort werden keine Dateien mit PUT angenommen: Prüfe die Adresse.',
  }),
  'place.full': (facts) => ({
    what: answered(facts),
    next: 'Schaff dort Platz, oder lass größere Dateien zu.',
  }),
  'place.answer': (facts) => ({
    what: answered(facts),
    next: 'Es wird noch einmal versucht. Bleibt es so, frag, wer die Stelle betreibt.',
  }),
  'place.slow': ({ host }) => ({
    what: `${host} hat nicht rechtzeitig geantwortet.`,
    next: 'Es wird noch einmal versucht. Bleibt es so, frag, wer die Stelle betreibt.',
  }),
  'place.name': ({ host }) => ({
    what: `Der Name ${host} wird nicht gefunden.`,
    next: 'Prüfe ihn, und ob das Internet geht.',
  }),
  'place.certificate': ({ host, reason }) => ({
    what: `${host} hat kein Zertifikat, dem man trauen kann (${reason}).`,
    next: 'Bitte, wer die Stelle betreibt, es zu erneuern.',
  }),
  'place.unreachable': ({ host, reason }) => ({
    what: `${host} ist nicht zu erreichen (${reason}).`,
    next: 'Prüfe die Adresse. Es wird noch einmal versucht.',
  }),
  'place.s3-region': (facts) => ({
    what: answered(facts),
    next: 'Trag Adresse und Region des Buckets ein, wie der Anbieter sie nennt.',
  }),
  'place.s3-access': (facts) => ({
    what: answered(facts),
    next: 'Lass den Schlüssel in diesem Ordner schreiben (s3:PutObject).',
  }),
  'place.s3-key-id': (facts) => ({
    what: answered(facts),
    next: 'Kopiere die Schlüssel-ID noch einmal vom Anbieter.',
  }),
  'place.s3-bucket': (facts) => ({
    what: answered(facts),
    next: 'Prüfe den Namen des Buckets.',
  }),
  'place.s3-clock': (facts) => ({
    what: answered(facts),
    next: 'Die Uhr dieses Servers geht falsch: Sieh unter Diagnose nach.',
  }),
  'place.s3-secret': (facts) => ({
    what: answered(facts),
    next: 'Kopiere den geheimen Schlüssel noch einmal vom Anbieter, und prüfe die Region.',
  }),
  'place.s3-keys': (facts) => ({
    what: answered(facts),
    next: 'Prüfe Schlüssel-ID, geheimen Schlüssel und Region.',
  }),
  'place.s3-answer': (facts) => ({
    what: answered(facts),
    next: 'Es wird noch einmal versucht. Bleibt es so, prüfe Adresse, Region und Bucket.',
  }),
  'place.sftp-name': () => ({
    what: 'Diese SFTP-Stelle kann so, wie sie eingetragen ist, nicht verwendet werden.',
    next: 'Entferne sie, und trag sie neu ein.',
  }),
  'place.sftp-host-key': ({ host }) => ({
    what: `${host} zeigt einen anderen Schlüssel als den, den du eingetragen hast.`,
    next: 'Vergleiche ihn mit dem, den der Anbieter nennt. Vielleicht antwortet dort jemand anderes.',
  }),
  'place.sftp-login': ({ host, user, key }) => ({
    what: `${host} lässt ${user} nicht hinein.`,
    next: `Erlaube dort den Schlüssel dieses Servers: ${key}`,
  }),
  'place.sftp-file': ({ host, reason, folder, user }) => ({
    what: `${host} hat eine Datei nicht angenommen (${reason}).`,
    next: `Prüfe, ob ${folder === '' ? 'der Ordner des Kontos' : `der Ordner ${folder}`} da ist und ${user} in ihm schreiben darf.`,
  }),
  'witness.ahead': ({ host, seen, size }) => ({
    what: `${host} hat ${seen} Zeilen dieses Protokolls gesehen; hier sind es ${size}.`,
    next: 'Es wird nichts mehr unterschrieben, bis du nachgesehen hast: Dieser Server ist ein älterer Stand, oder ein anderer hat seinen Schlüssel.',
  }),
  'witness.unknown-log': ({ host, status, said, origin }) => ({
    what: `${host} hat mit ${status} geantwortet: ${said}.`,
    next: `Bitte, wer den Zeugen betreibt, das Protokoll ${origin} und seinen Schlüssel aufzunehmen.`,
  }),
  'witness.history': ({ host, status, said }) => ({
    what: `${host} hat mit ${status} geantwortet: ${said}.`,
    next: 'Der Zeuge kennt eine andere Geschichte dieses Protokolls: Vergleiche beide.',
  }),
  'witness.answer': ({ host, status, said }) => ({
    what: `${host} hat mit ${status} geantwortet: ${said}.`,
    next: 'Es wird noch einmal versucht. Bleibt es so, frag, wer den Zeugen betreibt.',
  }),
  'witness.no-signature': ({ host, size }) => ({
    what: `Was ${host} zu ${size} Zeilen geantwortet hat, ist keine Unterschrift.`,
    next: 'Prüfe die Adresse des Zeugen.',
  }),
  'witness.unsigned': () => ({
    what: 'Der Zeuge hat nicht unterschrieben.',
    next: 'Er wird von selbst noch einmal gefragt. Bleibt es so, prüfe seinen Schlüssel.',
  }),
}

function answered({ host, status, path }: Parameters<ProblemWords[string]>[0]): string {
  return `${host} hat auf ${path} mit ${status} geantwortet.`
}
