# What the kit's screen says, from lines of `name.path<TAB>value`: what this is, where the dashboard is, the claim code while
# nobody has claimed the kit, and what is wrong.

BEGIN { FS = "\t" }

{ fact[$1] = $2 }

$1 ~ /^network\.addresses\./ { addresses[++address_count] = $2 }

# What the initramfs found wrong at this start, and what others have.
$1 ~ /^(boot\.problems|problems)\.[0-9]+\./ {
	problem = $1
	sub(/\.[^.]*$/, "", problem)
	if (!(problem in known)) { known[problem] = 1; problems[++problem_count] = problem }
}

function say_problems(    i, problem, where) {
	for (i = 1; i <= problem_count; i++) {
		problem = problems[i]
		where = fact[problem ".where"]
		if (fact[problem ".what"] == "") continue
		printf "\nProblem: %s%s\n  %s\n", where == "" ? "" : where ": ", fact[problem ".what"], fact[problem ".next"]
	}
}

# Where another device has the kit's name, it is reached under the one that Avahi found free: with a number behind it, or
# with the number it ends in counted up (takenName in agent/setup/names.ts).
function reached(host,    announced, stem, own, number) {
	announced = fact["network.announcedAs"]
	stem = host
	own = 1
	if (match(host, /-[1-9][0-9]*$/)) {
		stem = substr(host, 1, RSTART - 1)
		own = substr(host, RSTART + 1) + 0
	}
	number = substr(announced, length(stem) + 2)
	if (index(announced, stem "-") == 1 && number ~ /^[1-9][0-9]*$/ && number - own >= 1 && number - own < 100) return announced
	return host
}

END {
	printf "Commonhearth %s", fact["release.version"]
	if (fact["boot.slot"] ~ /^[AB]$/) printf ", slot %s", fact["boot.slot"]
	if (fact["boot.rescue"] == "true") printf ", rescue"
	printf "\n\n"

	if (fact["boot.data"] == "unreadable") {
		for (i = 1; i <= address_count; i++) if (addresses[i] !~ /:/) printf "Page: http://%s/\n", addresses[i]
		say_problems()
		exit
	}
	host = fact["kit.hostname"]
	if (host == "") print "First start: the kit is being set up."
	else printf "Dashboard: https://%s.local:8443/\n", reached(host)
	for (i = 1; i <= address_count; i++)
		printf addresses[i] ~ /:/ ? "Dashboard: https://[%s]:8443/\n" : "Dashboard: https://%s:8443/\n", addresses[i]
	if (!address_count) {
		print "No network yet: plug in a cable. If the password of the Wi-Fi was mistyped or has changed,"
		print "switch off, write it in hearth.yaml on the card as hearth-example.yaml shows, and start again."
	}

	if (host != "" && fact["kit.claimed"] == "false") {
		code = fact["claim-code"]
		gsub(/[^A-Za-z0-9-]/, "", code)
		if (code != "") printf "Claim code: %s\n", code
		else print "Nobody has claimed this kit. Its claim code is the one of its seed file."
	}
	if (fact["kit.caWords"] != "") printf "Certificate: %s\n", fact["kit.caWords"]
	say_problems()
}
