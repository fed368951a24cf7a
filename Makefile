.DEFAULT_GOAL := help
.PHONY: help install demo test check fix

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: ## Install what the chores need (into .venv; Debian packages when root on Debian)
	@hack/install

demo: install ## A real render farm, from nothing to a film
	@hack/demo

test: install ## Every level of the test ladder
	@hack/test

check: install ## Format, lint, types, layers, sizes, CRDs
	@hack/check

fix: install ## Mend what tools can mend
	@hack/fix
