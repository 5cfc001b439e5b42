# The front door: `make demo` and `make test` do everything. Meson does the building; all that is
# made lands in build/, one folder a kind of build (see tools/build).

.DEFAULT_GOAL := build
.PHONY: install-all install build check lint format test test-interop sanitize threads fuzz bench \
        demo run-dev bootstrap migrate makemigrations matching-service worker flush psql clean

FUZZ_SECONDS ?= 60
DEMO_RECORDS ?= 20000

# What a build and its tests need; installed only when something is missing.
install:
	@tools/install build

# The same and what check, lint, fuzz and test-interop need besides.
install-all:
	@tools/install build check interop

build: install
	@tools/build release
	@ln -sf release/src/tuva-empi build/tuva-empi

test: build
	@tools/run-tests release

# Warnings are errors with both compilers; then what the two static analysers see.
check: install-all build
	@tools/build sanitize
	@tools/analyse build/sanitize

lint: install-all
	@tools/lint
	@tools/check-layers

format: install-all
	@tools/lint --format

# The tests once more, under the address and undefined-behaviour sanitizers, but for those in which it
# is the database that works; and those in which there are threads under the threads' one.
sanitize: install-all
	@TUVA_EMPI_TEST_OPERATIONS=200 tools/run-tests sanitize --no-suite outside

threads: install-all
	@tools/run-tests threads --suite threads

fuzz: install-all
	@tools/build fuzz fuzzers
	@tools/fuzz $(FUZZ_SECONDS)

# Against the real Splink, Keycloak and more; says what it skips when a registry is out of reach.
test-interop: install-all build
	@tests/interop/run build/tuva-empi build/release/tests/save-model

bench: install-all build
	@tools/install bench
	@bench/run build/tuva-empi

# Leaves the program running on http://localhost:9000.
demo: build
	@tools/demo build/tuva-empi $(DEMO_RECORDS)

# Everything on this machine until Ctrl-C: HTTP API, matching service, export worker, and a private
# PostgreSQL, on http://localhost:9000.
run-dev: build
	@exec build/tuva-empi run-dev

# The first admin, named in the configuration.
bootstrap: build
	@build/tuva-empi bootstrap

# The schema of the configured database: up to date, or a new pair of files to change it further
# (make makemigrations name=person_title). There is one app, main.
migrate: build
	@build/tuva-empi migrate $(if $(app),--app '$(app)')

makemigrations:
	@tools/new-migration '$(name)'

# The services, until Ctrl-C; clearing the index (asks first); a prompt on its database.
matching-service: build
	@exec build/tuva-empi matching-service

worker: build
	@exec build/tuva-empi process_export_jobs

flush: build
	@build/tuva-empi flush

psql: build
	@build/tuva-empi psql

clean:
	rm -rf build
