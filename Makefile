# One line a target; what they do is in bin/hearth.ts.
HEARTH = node_modules/.bin/node bin/hearth.ts

up: ready          ; @$(HEARTH) up
test: ready        ; @$(HEARTH) test
test-all: ready    ; @$(HEARTH) test --all
check: ready       ; @PATH="$(CURDIR)/node_modules/.bin:$$PATH" npm run --silent check
ready:             ; @sh bin/ready

.PHONY: up test test-all check ready
