# From what network-changed has gathered to what it writes: network.json (NetworkFacts), resolv.conf, network.nft and
# `online`, which is empty without an address, in the folder `folder`. Sections of the input begin with `@name`; sections
# not named here are skipped.

# Words in the order they came, each once.
function note(list, word) {
	if (word != "" && !((list, word) in seen)) {
		seen[list, word] = 1
		words[list, ++count[list]] = word
	}
}

function is_v6(word) { return index(word, ":") > 0 }

# "a", "b": the words are addresses and names, so nothing needs escaping.
function json(list, i, text) {
	for (i = 1; i <= count[list]; i++) text = text (i > 1 ? ", " : "") "\"" words[list, i] "\""
	return "[" text "]"
}

# The elements of a set, in one transaction with the others, so that no packet meets a half-filled set.
function fill(set, list, family, i) {
	print "flush set inet hearth " set >nft
	for (i = 1; i <= count[list]; i++)
		if (family == "" || is_v6(words[list, i]) == (family == 6))
			print "add element inet hearth " set " { " words[list, i] " }" >nft
}

/^@/ { section = substr($0, 2); next }

# Ethernet and Wi-Fi only (ARPHRD_ETHER): loopback and tunnels are not the home network. /sys/class/net/NAME/type
section == "home" { split($0, part, "/"); home[part[5]] = 1 }

# Addresses people can type: no link-local IPv6, none that is going away or not yet proven.
section == "addresses" && ($2 in home) && ($3 == "inet" || / scope global/) \
	&& !/ (tentative|dadfailed|deprecated|temporary)( |\\|$)/ {
	split($4, part, "/")
	note("addresses", part[1])
}

# Destinations that need no router. A length that would make half the internet a neighbour is not believed.
section == "routes" && $1 ~ /^[0-9a-f.:\/]+$/ && $1 !~ /^fe80:/ && !/ (via|nhid|nexthop) / {
	split($1, part, "/")
	size = part[2] == "" ? (is_v6($1) ? 128 : 32) : part[2] + 0
	if (size >= (is_v6($1) ? 48 : 8))
		for (i = 2; i < NF; i++) if ($i == "dev" && ($(i + 1) in home)) note("onlink", part[1] "/" size)
}

# Name servers as networkd has them: its state lists those of DHCPv4, each link also those of DHCPv6 and of router
# advertisements. An entry may carry `%interface`, `:port` and `#name`.
section == "networkd" && /^DNS=/ {
	$0 = substr($0, 5)
	for (i = 1; i <= NF; i++) {
		server = $i
		sub(/#.*/, "", server)
		if (server ~ /^\[/) { sub(/^\[/, "", server); sub(/\].*/, "", server) }
		else if (server ~ /^[0-9.]*:[0-9]*$/) sub(/:.*/, "", server)
		if (server ~ /^[0-9a-f.:]+(%[0-9A-Za-z._-]+)?$/) {
			note("resolvers", server)
			sub(/%.*/, "", server)
			note("plain resolvers", server)
		}
	}
}

section == "announced" && $1 != "" { announced = $1 }

# A permanent name opens the server to everybody.
section == "kit" && /"serverName" *: *"/ { note("public", 80); note("public", 443) }

END {
	facts = folder "/network.json"
	resolv = folder "/resolv.conf"
	nft = folder "/network.nft"
	printf "{ \"addresses\": %s, \"onLink\": %s, \"resolvers\": %s%s }\n", json("addresses"), json("onlink"),
		json("plain resolvers"), announced == "" ? "" : ", \"announcedAs\": \"" announced "\"" >facts
	printf "%s", count["addresses"] ? "yes\n" : "" >(folder "/online")
	# The C library reads three name servers and ignores the rest.
	printf "" >resolv
	for (i = 1; i <= count["resolvers"] && i <= 3; i++) print "nameserver " words["resolvers", i] >resolv
	fill("onlink4", "onlink", 4)
	fill("onlink6", "onlink", 6)
	fill("resolvers4", "plain resolvers", 4)
	fill("resolvers6", "plain resolvers", 6)
	fill("public_ports", "public", "")
}
