# ltv: customer lifetime value inside PostgreSQL.  Built with PGXS.
EXTENSION    = ltv
MODULE_big   = ltv
PGFILEDESC   = "ltv - customer lifetime value"

PG_CONFIG   ?= pg_config

# With VPATH, or "make -f DIR/Makefile" from elsewhere, the sources are in DIR.
top          := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
version      := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" $(top)/ltv.control)

sources      := $(sort $(patsubst $(top)/%,%,$(wildcard $(top)/src/*.c $(top)/src/*/*.c)))
headers      := $(wildcard $(top)/src/*/*.h)
OBJS          = $(sources:.c=.o)
DATA          = $(patsubst $(top)/%,%,$(wildcard $(top)/sql/ltv--*--*.sql))
DATA_built    = sql/ltv--$(version).sql
EXTRA_CLEAN   = sql/ltv--$(version).sql
# What a user reads; the folder is one of its own, as names such as shops.md could be anybody's.
DOCS         := $(filter-out doc/developers.md doc/testing.md doc/security.md, $(patsubst $(top)/%,%,$(wildcard $(top)/doc/*.md $(top)/doc/*.sql)))

PG_CPPFLAGS   = -I$(top)/src -DLTV_VERSION='"$(version)"'
PG_CFLAGS     = -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare
SHLIB_LINK    = -lm
# All other names stay inside: no library of the server process can take their place, and none can be called from outside.
SHLIB_EXPORTS = src/exports.txt

REGRESS       = $(sort $(patsubst $(top)/expected/%.out,%,$(wildcard $(top)/expected/*.out)))
REGRESS_OPTS  = --inputdir=$(top) --load-extension=ltv
# For who packages it: is this the library, does it run on this machine, are its figures right?  A quarter of a minute.
QUICK         = aggregate binary bytes campaigns day decimal deliveries economics effect forecast history jsonb keep model order overview stages summary windows

PGXS := $(shell $(PG_CONFIG) --pgxs)
ifeq ($(wildcard $(PGXS)),)
$(error no PostgreSQL server headers for "$(PG_CONFIG)": install postgresql-server-dev-NN (Debian, Ubuntu) or postgresqlNN-devel (RPM), or set PG_CONFIG)
endif
include $(PGXS)
docmoduledir := extension/ltv

$(OBJS) $(OBJS:.o=.bc): $(headers)
src/ltv.o src/ltv.bc: $(top)/ltv.control
# Outside the source tree the folders have to be made; as targets they would be found in VPATH.
$(shell mkdir -p sql $(sort $(dir $(OBJS))))

sql/ltv--$(version).sql: $(top)/sql/ltv.sql
	cp $< $@

# PGXS looks for documents to remove in the folder that they have here.
uninstall: uninstall-docs
uninstall-docs:
	rm -f $(addprefix '$(DESTDIR)$(docdir)/$(docmoduledir)'/, $(notdir $(DOCS)))

installcheck-quick:
	$(MAKE) -f $(top)/Makefile installcheck REGRESS='$(QUICK)'

# The archive for PGXN, of what is committed.
dist:
	git -C $(top) archive --format zip --prefix ltv-$(version)/ -o '$(CURDIR)/ltv-$(version).zip' HEAD

.PHONY: uninstall-docs installcheck-quick dist
