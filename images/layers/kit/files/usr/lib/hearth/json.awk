# Flattens JSON to lines of `path<TAB>value`, e.g. `board.model<TAB>Raspberry Pi 4` or `0.what<TAB>…`. Control
# characters become spaces, so a value can neither break a line nor speak to a terminal. \uXXXX stays as written.
# Of several files each can have a word before its paths: `awk -f json.awk prefix=kit. kit.json prefix=boot. boot.json`.
# A file that is not JSON gives no line, and the end is 1.

FNR == 1 {
	if (NR > 1) parse()
	text = ""
	own_prefix = prefix
}

{ text = text $0 " " }

END { parse(); exit faults }

function parse() {
	at = 1
	broken = 0
	out = ""
	value("")
	if (next_char() != "") fail()
	if (broken) faults = 1
	else printf "%s", out
}

function fail() { broken = 1; at = length(text) + 1 }

function next_char() {
	while (at <= length(text) && index(" \t\r\n", substr(text, at, 1))) at++
	return substr(text, at, 1)
}

function value(path,    c) {
	if (broken) return
	c = next_char()
	if (c == "{") object(path)
	else if (c == "[") array(path)
	else if (c == "\"") emit(path, string())
	else if (match(substr(text, at, 32), /^(-?[0-9][-+.eE0-9]*|true|false|null)/)) {
		c = substr(text, at, RLENGTH)
		at += RLENGTH
		emit(path, c)
	} else fail()
}

function object(path,    key, c) {
	at++
	if (next_char() == "}") { at++; return }
	while (!broken) {
		if (next_char() != "\"") { fail(); return }
		key = string()
		if (next_char() != ":") { fail(); return }
		at++
		value(path == "" ? key : path "." key)
		c = next_char()
		at++
		if (c == "}") return
		if (c != ",") fail()
	}
}

function array(path,    i, c) {
	at++
	i = 0
	if (next_char() == "]") { at++; return }
	while (!broken) {
		value(path == "" ? i "" : path "." i)
		i++
		c = next_char()
		at++
		if (c == "]") return
		if (c != ",") fail()
	}
}

function string(    result, c) {
	result = ""
	at++
	while (at <= length(text)) {
		c = substr(text, at++, 1)
		if (c == "\"") return result
		if (c == "\\") {
			c = substr(text, at++, 1)
			if (c == "u") result = result "\\u"
			else if (index("nrtbf", c)) result = result " "
			else result = result c
		} else result = result c
	}
	fail()
	return ""
}

function emit(path, content) {
	gsub(/[\001-\037\177]/, " ", content)
	out = out own_prefix path "\t" content "\n"
}
