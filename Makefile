# Each command sets up what is missing first; everything lands below var/.
PYTHON3 ?= python3
DEV = $(PYTHON3) -m dev
export PYTHONPYCACHEPREFIX ?= $(CURDIR)/var/pycache

.PHONY: help run demo test test-stock bench lint format translations setup shell \
	stop clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

run: ## Odoo with the add-on and demo data, and every mail on a page
	@$(DEV) run

demo: ## plays the demo story in a fresh database, prints its numbers and stops
	@$(DEV) demo

test: ## tests of the add-on and the repository (TESTS="-k word", DEMO=1)
	@$(DEV) test

test-stock: ## Odoo's own tests with the add-on, compared with Odoo alone
	@$(DEV) test-stock

bench: ## figures beside stock Odoo's (BENCH=name, SIZE=)
	@$(DEV) bench

lint: ## style, manifests, translations
	@$(DEV) lint

format: ## puts right what ruff, eslint and prettier can
	@$(DEV) format

translations: ## exports the terms anew, updates the .po files
	@$(DEV) translations

setup: ## only the environment
	@$(DEV) setup

shell: ## a Python prompt inside the database of 'make run' (DB=name)
	@$(DEV) shell $(DB)

stop: ## stops the private database server
	@$(DEV) stop

clean: ## removes everything fetched or generated
	@$(DEV) clean
