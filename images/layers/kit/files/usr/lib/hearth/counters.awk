# The second half of `counters`. Its files tell whether the network is as it was at the last look.

# Of a route, not how often it was used.
FILENAME == "/proc/net/ipv6_route" { seen = seen $1 "/" $2 " " $5 " " $6 " " $9 " " $10 "\n"; next }
# Avahi's title has the name it goes by.
FILENAME ~ /\/cmdline$/ { if (match($0, /\[[^]]*/)) seen = seen substr($0, RSTART, RLENGTH) "\n"; next }
{ seen = seen $0 "\n" }

END {
	look = run "/network.look"
	while ((getline line <look) > 0) before = before line "\n"
	close(look)
	# What changes after it was seen here is found the next time.
	if (seen != before && system("/usr/lib/hearth/network-changed --if-changed") == 0) {
		printf "%s", seen >look
		close(look)
	}

	file = run "/counters.json"
	list = "nft list counters table inet hearth"
	while ((list | getline) > 0) {
		if ($1 == "counter") name = $2
		else if ($1 == "packets" && $3 == "bytes")
			counters = counters (counters == "" ? "" : ", ") sprintf("\"%s\": { \"bytes\": %s, \"packets\": %s }", name, $4, $2)
	}
	# Where nft fails the last reading stays.
	if (counters == "") exit 1
	at = strftime("%Y-%m-%dT%H:%M:%SZ", systime(), 1)
	printf "{ \"at\": \"%s\", \"epoch\": \"%s\", \"counters\": { %s } }\n", at, epoch, counters >(file ".new")
	close(file ".new")
	exit system("mv " file ".new " file)
}
