# Writes counters.json, for `counters`, whose files tell whether the network is as it was at the last look, and for the
# package of plain Debian, which gives no files: `run` is the folder, `epoch` the life of the counters, `table` theirs,
# `interfaces` the names of what lies in `net`.

# Of a route, not how often it was used.
FILENAME == "/proc/net/ipv6_route" { seen = seen $1 "/" $2 " " $5 " " $6 " " $9 " " $10 "\n"; next }
# Avahi's title has the name it goes by.
FILENAME ~ /\/cmdline$/ { if (match($0, /\[[^]]*/)) seen = seen substr($0, RSTART, RLENGTH) "\n"; next }
{ seen = seen $0 "\n" }

# The first line of a file; nothing where there is none.
function line_of(file, line) {
	line = ""
	getline line <file
	close(file)
	return line
}

END {
	look = run "/network.look"
	while ((getline line <look) > 0) before = before line "\n"
	close(look)
	# What changes after it was seen here is found the next time.
	if (seen != before && system("/usr/lib/hearth/network-changed --if-changed") == 0) {
		printf "%s", seen >look
		close(look)
	}

	# Both at the same moment, so that the counters can be held against the totals.
	count = split(interfaces, names, " ")
	for (i = 1; i <= count; i++) {
		statistics = net "/" names[i] "/statistics/"
		received = line_of(statistics "rx_bytes")
		sent = line_of(statistics "tx_bytes")
		if (names[i] == "lo" || names[i] !~ /^[A-Za-z0-9@._:-]+$/ || received == "" || sent == "") continue
		totals = totals (totals == "" ? "" : ", ") "\"" names[i] "\": { \"in\": " received ", \"out\": " sent " }"
	}
	list = "nft list counters table inet " table
	while ((list | getline) > 0) {
		if ($1 == "counter") name = $2
		else if ($1 == "packets" && $3 == "bytes")
			counters = counters (counters == "" ? "" : ", ") "\"" name "\": { \"bytes\": " $4 ", \"packets\": " $2 " }"
	}
	# Where nft fails the last reading stays.
	if (counters == "") exit 1

	file = run "/counters.json"
	at = strftime("%Y-%m-%dT%H:%M:%SZ", systime(), 1)
	printf "{ \"at\": \"%s\", \"epoch\": \"%s\",\n\"interfaces\": { %s },\n", at, epoch, totals >(file ".new")
	printf "\"counters\": { %s } }\n", counters >(file ".new")
	close(file ".new")
	exit system("mv " file ".new " file)
}
