import type { ProblemWords } from './en.ts'

const compare = 'Vergleiche die Zeile mit hearth-example.yaml. Was darüber steht, wurde verwendet.'
const again = 'Starte den Server neu.'
const wifiPassword = 'Übernimm es vom Router. Enthält es # oder :, setz es in Anführungszeichen.'
const inSettings = 'Ändere es in den Einstellungen.'
/** Wo es steht, was nach dem ersten Start nicht mehr von der Karte kommt. */
const later: Record<string, string> = {
  'ssh-key': 'SSH-Schlüssel werden nur beim ersten Start übernommen.',
  'claim-hash': 'Der Server behält den Übernahmecode, den er hat.',
}

/** Was beim Einrichten nicht ging (agent/setup), und was der Helfer ablehnt (agent/helper), nach dem Code. */
export const setup: ProblemWords = {
  'seed.too-big': ({ kib }) => ({
    what: `Die Datei ist größer als ${kib} KiB.`,
    next: 'Fang noch einmal mit hearth-example.yaml an.',
  }),
  'seed.encoding': ({ encoding }) => ({
    what: `Die Datei ist kein richtiger Text in ${encoding}.`,
    next: 'Speichere sie als UTF-8: im Editor von Windows „Speichern unter“, Codierung „UTF-8“.',
  }),
  'seed.half-written': () => ({
    what: 'Ab hier ist die Datei leer: Sie wurde nicht zu Ende geschrieben.',
    next: 'Schreib die Datei noch einmal, und wirf Karte oder Stick aus, bevor du sie herausziehst.',
  }),
  'seed.tab': () => ({
    what: 'Die Zeile ist mit einem Tabulator eingerückt.',
    next: 'Nimm zwei Leerzeichen statt des Tabulators.',
  }),
  'seed.indent': () => ({ what: 'Die Einrückung passt nicht zu den Zeilen darüber.', next: compare }),
  'seed.quote': () => ({ what: 'Ein Anführungszeichen fehlt: Der Text hört nie auf.', next: compare }),
  'seed.incomplete': () => ({ what: 'Hier fehlt etwas, vielleicht ein Doppelpunkt oder eine Klammer.', next: compare }),
  'seed.first-character': () => ({
    what: 'Mit diesem Zeichen kann ein Wert nur in Anführungszeichen beginnen.',
    next: "Setz den Wert in Anführungszeichen: '…'.",
  }),
  'seed.colon': () => ({ what: 'In einer Zeile fehlt der Doppelpunkt nach dem Namen.', next: compare }),
  'seed.syntax': ({ reason }) => ({ what: `Das ist nicht als YAML zu lesen (${reason}).`, next: compare }),
  'seed.no-lines': () => ({
    what: 'In der Datei sind keine Zeilen der Form „Name: Wert“.',
    next: 'Vergleiche sie mit hearth-example.yaml.',
  }),
  'seed.reference': () => ({
    what: 'Ein Wert, der mit * beginnt, ist ein Verweis; Verweisen folgt der Server nicht.',
    next: 'Schreib den Wert selbst. Beginnt er mit einem Stern, setz ihn in Anführungszeichen.',
  }),
  'seed.too-deep': () => ({
    what: 'Die Datei ist zu tief verschachtelt.',
    next: 'Vergleiche sie mit hearth-example.yaml.',
  }),
  'seed.two-files': ({ read }) => ({
    what: `Neben ${read} liegt noch eine Startdatei. Sie wurde nicht gelesen.`,
    next: 'Lass nur eine von beiden da.',
  }),
  'seed.duplicate': ({ key }) => ({
    what: `„${key}“ steht zweimal da. Das erste wird verwendet.`,
    next: 'Entferne eines davon.',
  }),
  'seed.unknown-key': ({ key, meant, known }) => ({
    what: `Der Server kennt „${key}“ nicht.`,
    next: meant === '' ? `Hier kann stehen: ${known}.` : `Meintest du „${meant}“?`,
  }),
  'seed.empty': ({ name }) => ({
    what: `„${name}“ hat keinen Wert.`,
    next: 'Schreib einen dahinter, oder setz ein # vor die Zeile.',
  }),
  'seed.not-text': ({ name }) => ({
    what: `„${name}“ muss ein einzelner Wert sein.`,
    next: 'Vergleiche es mit hearth-example.yaml.',
  }),
  'seed.control': ({ name }) => ({
    what: `In „${name}“ ist ein Zeilenumbruch oder ein anderes unsichtbares Zeichen.`,
    next: 'Schreib es in eine Zeile.',
  }),
  'seed.name': ({ text }) => ({
    what: `„${text}“ kann nicht der Name eines Servers sein.`,
    next: 'Nimm Buchstaben, Ziffern und Bindestriche, höchstens 63.',
  }),
  'seed.language': ({ text, known }) => ({
    what: `Die Sprache „${text}“ kann der Server noch nicht.`,
    next: `Nimm eine von diesen: ${known}.`,
  }),
  'seed.timezone': ({ text, meant }) => ({
    what: `„${text}“ ist keine Zeitzone.`,
    next: meant === '' ? 'Schreib sie wie Europe/Berlin.' : `Meintest du „${meant}“?`,
  }),
  'seed.private-key': () => ({
    what: 'Das ist ein privater Schlüssel. Er lag jetzt auf dieser Karte oder diesem Stick.',
    next: 'Mach ein neues Schlüsselpaar, und schreib die Zeile der .pub-Datei hierher.',
  }),
  'seed.ssh-key': () => ({
    what: 'Das ist kein öffentlicher Schlüssel von OpenSSH.',
    next: 'Kopiere die ganze Zeile der .pub-Datei: ssh-ed25519 AAAA… Name.',
  }),
  'seed.claim-hash': () => ({
    what: 'Das ist keine Prüfsumme eines Übernahmecodes. Der Server hat sich einen eigenen Code gemacht.',
    next: 'Mach die Prüfsumme mit: hearth claim-hash.',
  }),
  'seed.wifi': () => ({
    what: 'Unter „wifi“ müssen die Zeilen country, ssid und password stehen.',
    next: 'Vergleiche es mit hearth-example.yaml: zwei Leerzeichen vor jeder von ihnen.',
  }),
  'seed.wifi-no-country': () => ({
    what: 'Unter „wifi“ fehlt das Land.',
    next: 'Schreib das Land dazu, in dem der Server steht, zum Beispiel country: DE. Ohne es darf er nicht funken.',
  }),
  'seed.imager-no-country': () => ({
    what: 'Beim WLAN fehlt das Land.',
    next: 'Wähl es in Raspberry Pi Imager neben dem WLAN, und schreib die Karte noch einmal.',
  }),
  'seed.wifi-country': ({ text }) => ({
    what: `„${text}“ ist kein Land.`,
    next: 'Schreib seine zwei Buchstaben, zum Beispiel DE, AT, CH.',
  }),
  'seed.wifi-no-ssid': () => ({
    what: 'Unter „wifi“ fehlt die ssid.',
    next: 'Schreib den Namen deines WLANs dazu: ssid: …',
  }),
  'seed.wifi-ssid': () => ({
    what: 'Der Name des WLANs ist länger, als ein WLAN erlaubt (32 Bytes).',
    next: 'Übernimm ihn von einem anderen Gerät.',
  }),
  'seed.wifi-no-password': () => ({
    what: 'Unter „wifi“ fehlt das Passwort.',
    next: 'Schreib es dazu, oder security: open.',
  }),
  'seed.wifi-computed': () => ({
    what: 'WPA3 braucht das Passwort selbst, keinen berechneten Schlüssel.',
    next: 'Schreib das Passwort des WLANs.',
  }),
  'seed.wifi-length': ({ length }) => ({
    what: `Das Passwort hat ${length} Zeichen; das eines WLANs hat 8 bis 63.`,
    next: wifiPassword,
  }),
  'seed.wifi-character': () => ({
    what: 'Im Passwort ist ein Zeichen, das es in WLAN-Passwörtern nicht gibt.',
    next: wifiPassword,
  }),
  'seed.wifi-security': ({ text, known }) => ({
    what: `„${text}“ ist keine Verschlüsselung eines WLANs.`,
    next: `Nimm eine von diesen: ${known}.`,
  }),
  'seed.not-taken': ({ key }) => ({
    what: `„${key}“ wurde nicht übernommen: Nach dem ersten Start nimmt der Server von hier nur das WLAN.`,
    next: later[String(key)] ?? inSettings,
  }),

  'setup.space': () => ({
    what: 'Der Platz für die Daten konnte nicht bis ans Ende der Karte oder Platte vergrößert werden.',
    next: 'Starte den Server neu. Bleibt es so, nimm eine andere Karte oder Platte.',
  }),
  'setup.seed': () => ({
    what: 'Karte oder Stick mit der Startdatei konnte nicht gelesen werden.',
    next: 'Starte den Server neu, oder schreib das Abbild noch einmal.',
  }),
  'setup.names': () => ({ what: 'Der Server konnte seinen Namen nicht annehmen.', next: again }),
  'setup.ssh': () => ({ what: 'Der Zugang mit SSH konnte nicht eingerichtet werden.', next: again }),
  'setup.wifi': () => ({
    what: 'Das WLAN konnte nicht eingerichtet werden.',
    next: 'Nimm ein Kabel, oder starte den Server neu.',
  }),
  'setup.certificates': () => ({ what: 'Der Server konnte seine Zertifikate nicht machen.', next: again }),
  'setup.claim': () => ({ what: 'Der Server konnte seinen Übernahmecode nicht machen.', next: again }),
  'setup.folders': () => ({ what: 'Für Zahlen und Einstellungen gibt es noch keinen Ort.', next: again }),
  'setup.server': () => ({ what: 'Der Fediverse-Server konnte nicht eingerichtet werden.', next: again }),
  'setup.web': () => ({ what: 'Die Webseiten konnten nicht eingerichtet werden.', next: again }),
  'setup.medium': () => ({
    what: 'Die Dateien auf Karte oder Stick konnten nicht erneuert werden: In der Startdatei steht vielleicht noch ein Passwort.',
    next: 'Lösch dort an einem anderen Computer hearth.yaml, user-data und network-config.',
  }),

  'person.bad-id': ({ id }) => ({
    what: `„${id}“ kann keine Adresse sein.`,
    next: 'Nimm 1 bis 30 Buchstaben, Ziffern oder _.',
  }),
  'person.reserved': ({ id }) => ({
    what: `„${id}“ ist eine Adresse, die der Server selbst braucht.`,
    next: 'Wähl einen anderen Kurznamen.',
  }),
  'person.bad-name': () => ({
    what: 'Dieser Name kann nicht angezeigt werden.',
    next: 'Nimm 1 bis 100 Zeichen, ohne Zeilenumbruch.',
  }),
  'person.exists': ({ id }) => ({
    what: `Es gibt schon ein Konto „${id}“.`,
    next: 'Wähl einen anderen Kurznamen.',
  }),
  'person.missing': ({ id }) => ({
    what: `Es gibt kein Konto „${id}“.`,
    next: 'Lade die Liste der Menschen neu.',
  }),
  'person.failed': () => ({
    what: 'Das Konto konnte nicht angelegt oder geändert werden.',
    next: 'Sieh unter Diagnose nach den Meldungen des Fediverse-Servers, und ob noch Platz ist.',
  }),

  'claim.wrong': ({ seconds }) => ({
    what: 'Der Übernahmecode stimmt nicht, oder der Server ist schon übernommen.',
    next:
      seconds === 0
        ? 'Prüfe den Code und versuch es noch einmal.'
        : `Warte ${seconds} Sekunden und versuch es noch einmal.`,
  }),
  'clock.trusted': () => ({
    what: 'Die Uhr wurde schon aus dem Internet gestellt.',
    next: 'Es ist nichts zu tun.',
  }),
  'clock.impossible': () => ({
    what: 'Die Zeit dieses Browsers liegt vor dem Bau dieses Systems oder Jahrzehnte danach.',
    next: 'Stell die Uhr des Geräts, das du gerade benutzt, und lade die Seite dann neu.',
  }),
  'disk.unsuitable': ({ name }) => ({
    what: `Auf „${name}“ kann der Server nicht umziehen.`,
    next: 'Nimm eine der angebotenen Platten. Eine, die in Gebrauch, entfernbar oder kleiner als 8 GB ist, geht nicht.',
  }),
  'disk.small': ({ name }) => ({
    what: `Was auf dem Server ist, passt nicht auf „${name}“.`,
    next: 'Nimm eine größere Platte.',
  }),
  'disk.unconfirmed': ({ name }) => ({
    what: `Der Umzug löscht alles auf „${name}“, und du hast einen anderen Namen eingegeben.`,
    next: `Gib zur Bestätigung ${name} ein.`,
  }),
  'disk.moved': () => ({
    what: 'Der Server ist auf seine eingebaute Platte umgezogen.',
    next: 'Schalte ihn aus, zieh den Stick ab, und schalte ihn wieder ein.',
  }),
  'disk.moving': () => ({
    what: 'Der Server zieht gerade auf seine eingebaute Platte um.',
    next: 'Warte, bis er fertig ist.',
  }),
  'disk.move-failed': () => ({
    what: 'Der Server konnte nicht auf die Platte kopiert werden. Er läuft von Stick oder Karte weiter.',
    next: 'Versuch es noch einmal. Bleibt es so, ist die Platte vielleicht verbraucht: Nimm eine andere.',
  }),
  'helper.failed': () => ({
    what: 'Das ging nicht; die Ursache steht im Protokoll des Servers.',
    next: 'Versuch es noch einmal. Bleibt es so, starte den Server neu.',
  }),
  'arguments.wrong': () => ({
    what: 'Eine der Angaben passt nicht.',
    next: 'Verbessere sie und schick sie noch einmal.',
  }),
}
