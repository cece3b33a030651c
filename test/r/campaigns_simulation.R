# Simulated campaigns with a known effect, for the coverage of the intervals of ltv_campaigns; not part of test/check, as it takes minutes.
#   Rscript test/r/campaigns_simulation.R CAMPAIGNS TREATED CONTROL LIFT SEED orders.csv members.csv
# orders.csv has customer_id, days from the day of the campaign, amount; members.csv campaign, customer_id, treated.  Customers order
# at rates of a gamma distribution (shape 0.7, 1.5 in 90 days); amounts are lognormal, of mean 4000 exp(0.25), within customers and between;
# the treated order LIFT more after it.  True effects: 1.5 LIFT orders, 1.5 LIFT 4000 exp(0.25) of revenue.  With R 4.2.2:
#   2000 200 200 0.15 1    of 100 intervals hold the truth: orders 94.1, revenue 93.8, both adjusted (94.4 and 94.5 not adjusted)
#   2000 300 200 0.15 5    95.2 and 95.7 (94.9 and 94.7)
#   2000 30000 10000 0.15  95.2 of revenue, adjusted (94.3 not adjusted; computed in R alone, by the formulas of campaigns.R)
#   10000 200 200 0 2      p < 0.05 in 4.9 of 100 (revenue, adjusted), 5.2 (orders, adjusted); arms unlike before in 0.9
#   the first 2000 of these, within_days 90, as_of each of the 90 days: always_low > 0 or always_high < 0 on some day in 0.35 of 100
options(scipen = 20)
args <- commandArgs(TRUE)
number <- as.numeric(args[1:5])
set.seed(number[5])
n <- number[2] + number[3]
id <- seq_len(number[1] * n)
treated <- (id - 1) %% n < number[2]
rate <- rgamma(length(id), 0.7, 0.7 / 1.5)
mean_log <- rnorm(length(id), log(4000), 0.5)
before <- rpois(length(id), rate)
after <- rpois(length(id), rate * ifelse(treated, 1 + number[4], 1))
orders <- function(count, sign) {
  i <- rep.int(id, count)
  day <- floor(runif(length(i)) * 90)
  data.frame(i, if (sign > 0) day else -1 - day, round(exp(rnorm(length(i), mean_log[i], 0.5))))
}
write.table(setNames(orders(before, -1), 1:3), args[6], sep = ",", row.names = FALSE, col.names = FALSE)
write.table(setNames(orders(after, 1), 1:3), args[6], sep = ",", row.names = FALSE, col.names = FALSE, append = TRUE)
write.table(data.frame((id - 1) %/% n + 1, id, treated), args[7], sep = ",", row.names = FALSE, col.names = FALSE)
