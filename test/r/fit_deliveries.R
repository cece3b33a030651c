# What sql/fit_deliveries.sql expects of 'bdw' and of the expected deliveries: the likelihood by lbeta, its maximum by optim from
# several starts, the sums term by term.
#   Rscript test/r/fit_deliveries.R
# Printed by R 4.2.2 of Debian 12.

ln_s <- function(p, t) lbeta(p[1], p[2] + t^p[3]) - lbeta(p[1], p[2])
log_likelihood <- function(p, ended, running) {
  t <- seq_along(ended)
  at <- c(0, ln_s(p, t))
  sum(ended * (at[t] + log(-expm1(at[t + 1] - at[t])))) + sum(running * at[t])
}
fit <- function(ended, running) {
  best <- NULL
  for (a in c(0.2, 1, 5)) for (b in c(0.5, 2, 10)) for (c in c(0.6, 1, 1.6)) {
    found <- list(par = log(c(a, b, c)))
    for (again in 1:6) found <- optim(found$par, function(l) -log_likelihood(exp(l), ended, running), control = list(reltol = 1e-16, maxit = 5000))
    if (is.null(best) || found$value < best$value) best <- found
  }
  c(exp(best$par), -best$value)
}
show <- function(name, figures) cat(sprintf("%s: %s\n", name, paste(sprintf("%.12g", figures), collapse = ", ")))

high <- c(1000, 869, 743, 653, 593, 551, 517, 491)
regular <- c(1000, 631, 468, 382, 326, 289, 262, 241)
show("high end", fit(c(-diff(high), 0), c(rep(0, 7), 491)))
show("regular", fit(c(-diff(regular), 0), c(rep(0, 7), 241)))

worth <- function(p, n, h, d) sum(exp(ln_s(p, n - 1 + 1:h) - ln_s(p, n - 1) - (1:h - 1) * log1p(d)))
show("bdw .7 1.2 .6", c(worth(c(.7, 1.2, .6), 1, 12, 0), worth(c(.7, 1.2, .6), 5, 1000, 0), worth(c(.7, 1.2, .6), 5, 5000, 0.01), worth(c(.7, 1.2, .6), 3, 400000, 0.0001)))
show("bdw 3 2 1.6", c(worth(c(3, 2, 1.6), 1, 12, 0), worth(c(3, 2, 1.6), 5, 1000, 0), worth(c(3, 2, 1.6), 5, 5000, 0.01), worth(c(3, 2, 1.6), 3, 400000, 0.0001)))
