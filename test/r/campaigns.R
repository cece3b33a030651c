# What sql/campaigns.sql expects of ltv_campaigns over customers by a rule that SQL has as well: t.test, two lm read by predict (as in
# effect_adjusted.R), chisq.test for the split, p.adjust for Holm; the interval that is always valid by its formula.
#   Rscript test/r/campaigns.R
# Printed by R 4.2.2 of Debian 12.

adjusted <- function(treated, outcome, before) {
  centre <- mean(before)
  arm <- function(which) {
    line <- suppressWarnings(lm(y ~ x, data.frame(y = outcome[which], x = before[which])))
    at <- suppressWarnings(predict(line, data.frame(x = centre), se.fit = TRUE))
    slope <- unname(coef(line)[2])
    list(mean = unname(at$fit), variance = unname(at$se.fit)^2, rest = at$df, slope = if (is.na(slope)) 0 else slope)
  }
  a <- arm(!treated)
  b <- arm(treated)
  df <- (a$variance + b$variance)^2 / (a$variance^2 / a$rest + b$variance^2 / b$rest)
  error <- sqrt(a$variance + b$variance + (b$slope - a$slope)^2 * var(before) / length(before))
  difference <- b$mean - a$mean
  c(difference, difference - qt(0.975, df) * error, difference + qt(0.975, df) * error, 2 * pt(-abs(difference / error), df), a$mean)
}
effect <- function(treated, outcome, before) {
  plain <- t.test(outcome[treated], outcome[!treated])
  c(unname(plain$estimate[1] - plain$estimate[2]), plain$conf.int[1], plain$conf.int[2], adjusted(treated, outcome, before)[1:3])
}

# A customer i of a campaign: one order before (none where it is 0), and so many after, the last of them large; 40 % of all is cost
rule <- list(
  "tenth" = function() { i <- 1:997; t <- i %% 10 != 0; b <- (i * 7919) %% 1009
    list(t = t, before = b, orders = (i * i) %% 7 %% 4, last = 100 + (i * 104729) %% 2003 + b %/% 2 + ifelse(t, b %/% 4, 0), cost = 25, share = 0.9) },
  "halves" = function() { i <- 1:400; t <- i %% 2 == 0
    list(t = t, before = (i * 31) %% 97, orders = (i * i) %% 11 %% 4 + ifelse(t & i %% 3 == 0, 1, 0), last = (i * i) %% 211 + ifelse(t, 20, 0), cost = 5, share = 0.4) },
  "nothing before" = function() { i <- 1:200; t <- i %% 3 == 0
    list(t = t, before = 0 * i, orders = (i * i) %% 17 %% 3, last = 50 * ((i * i) %% 13), cost = 1, share = 1 / 3) })
campaigns <- lapply(rule, function(make) {
  c <- make()
  c$revenue <- ifelse(c$orders > 0, c$last + c$orders - 1, 0)
  c
})
p <- sapply(campaigns, function(c) adjusted(c$t, c$revenue, c$before)[4])
holm <- p.adjust(p, "holm")
for (name in names(campaigns)) {
  c <- campaigns[[name]]
  had <- as.numeric(c$before > 0)
  balance <- if (any(c$before > 0)) t.test(c$before[c$t], c$before[!c$t]) else NULL
  square <- function(x) var(x[c$t]) / sum(c$t) + var(x[!c$t]) / sum(!c$t)
  eta <- square(c$before) / (2 * log(20) + log(1 + 2 * log(20)))
  v <- square(c$revenue)
  difference <- mean(c$revenue[c$t]) - mean(c$revenue[!c$t])
  margin <- if (eta > 0) sqrt((v + eta) * (log((v + eta) / eta) + 2 * log(20))) else NA
  profit <- adjusted(c$t, 0.6 * c$revenue, 0.6 * c$before)
  gain <- profit[1:3] * sum(c$t)
  cost <- c$cost * sum(c$t)
  figures <- c(if (is.null(balance)) c(0, NA) else c(unname(balance$estimate[1] - balance$estimate[2]), balance$p.value),
    chisq.test(c(sum(c$t), sum(!c$t)), p = c(c$share, 1 - c$share))$p.value,
    effect(c$t, c$orders, had), effect(c$t, c$revenue, c$before), effect(c$t, 0.6 * c$revenue, 0.6 * c$before),
    p[name], holm[name], difference, difference - margin, difference + margin,
    gain, profit[1] / profit[5], c$cost / profit[5], (gain - cost) / cost)
  cat(sprintf("('%s', ARRAY[%s]),\n", name, paste(ifelse(is.na(figures), "NULL", sprintf("%.15g", figures)), collapse = ", ")))
}
