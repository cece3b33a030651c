# What sql/effect_adjusted.sql expects of ltv_effect(treated, outcome, before): each arm its own line by lm, both read at the
# mean of all by predict(se.fit = TRUE), the mean of all being that of a sample (Lin 2013), degrees of freedom by Satterthwaite.
#   Rscript test/r/effect_adjusted.R
# Printed by R 4.2.2 of Debian 12.  The data: mtcars, which comes with R, and whole numbers by a rule that SQL has as well.

adjusted <- function(name, treated, outcome, before) {
  centre <- mean(before)
  arm <- function(which) {
    line <- lm(y ~ x, data.frame(y = outcome[which], x = before[which]))
    at <- predict(line, data.frame(x = centre), se.fit = TRUE)
    list(mean = unname(at$fit), variance = unname(at$se.fit)^2, rest = at$df, slope = unname(coef(line)[2]))
  }
  a <- arm(!treated)
  b <- arm(treated)
  slope <- function(line) if (is.na(line$slope)) 0 else line$slope
  slopes <- (slope(b) - slope(a))^2
  df <- (a$variance + b$variance)^2 / (a$variance^2 / a$rest + b$variance^2 / b$rest)
  error <- sqrt(a$variance + b$variance + slopes * var(before) / length(before))
  difference <- b$mean - a$mean
  width <- qt(0.975, df) * error
  plain <- t.test(outcome[treated], outcome[!treated])
  arms <- ifelse(treated, 1, 0)
  within <- cor(resid(lm(outcome ~ arms)), resid(lm(before ~ arms)))
  figures <- c(plain$estimate[1] - plain$estimate[2], plain$conf.int[1], plain$conf.int[2], plain$p.value,
    difference, difference / a$mean, difference - width, difference + width, error, df, 2 * pt(-abs(difference / error), df),
    1 - 2 * width / diff(as.numeric(plain$conf.int)), mean(before[treated]), mean(before[!treated]), within)
  cat(sprintf("('%s', ARRAY[%s]),\n", name, paste(sprintf("%.15g", figures), collapse = ", ")))
}

adjusted("mtcars", mtcars$am == 1, mtcars$mpg, mtcars$wt)
i <- 1:997
before <- (i * 7919) %% 1009
adjusted("tenth held out", i %% 10 != 0, 3000 + 2 * before + (i * 104729) %% 2003 + ifelse(i %% 10 != 0, before / 2 + 100, 0), before)
i <- 1:12
adjusted("twelve", i %% 3 == 0, (i * i) %% 13, i %% 5)
i <- 1:20   # the untreated alike before: lm leaves the slope out, and warns
adjusted("alike before", i %% 2 == 0, (i * i) %% 13, ifelse(i %% 2 == 0, i, 7))
