# What sql/deliveries.sql expects of ltv_deliveries: Kaplan and Meier with Greenwood's variance by survfit, of contracts by a rule
# that SQL has as well.  A contract's time is the number of its deliveries that are a wait ago, status 1 if it ended there.
#   Rscript test/r/deliveries.R
# Printed by R 4.2.2 and survival 3.5-3 of Debian 12.

library(survival)
i <- 1:400
first <- (i * 7919) %% 500                                # days before as_of
n <- 1 + (i * 104729) %% 11                               # deliveries, if they are there by as_of
n <- pmin(n, 1 + first %/% 30)
ended <- first - 30 * (n - 1) >= 60                       # nothing for two intervals of 30 days
transitions <- pmin(n, ifelse(first >= 60, 1 + (first - 60) %/% 30, 0))
status <- as.integer(ended & n <= transitions)
seen <- transitions > 0
fit <- survfit(Surv(ifelse(status == 1, n, transitions)[seen], status[seen]) ~ 1, conf.type = "plain")
s <- summary(fit, times = 0:10, extend = TRUE)
for (k in seq_along(s$time))
  cat(sprintf("(%d, %d, %d, %.15g, %.15g, %.15g),\n", s$time[k] + 1, if (k < length(s$time)) s$n.risk[k + 1] else 0, if (k < length(s$time)) s$n.event[k + 1] else 0, s$surv[k], s$lower[k], s$upper[k]))
