# Charts of the last days.
charts-title = Charts
charts-hint = The last 30 days in UTC, today included, from the log’s newest { $entries } entries. They are hints: “Verify” compares the whole log.
charts-cut = There are too many entries to draw them all: those before { $before } UTC are left out.
charts-below = The table below has the same figures.
charts-table = The same as a table
charts-days = Unlocks by day
charts-days-hint = { $codes } codes given, of which { $done } are said to have unlocked the device. Pale: codes; dark: unlocked.
charts-day = Day
charts-codes = Codes
charts-done = Unlocked
charts-refusals = Refusals by reason
charts-refusals-hint = { $count } steps were refused.
charts-refusals-none = Nothing was refused.
charts-reason = Reason
charts-how-often = How often
charts-others = all others
charts-durations = From the call’s opening to its end
charts-durations-hint = Half of the calls took no longer than { $median } (minutes and seconds).
charts-durations-none = No call was done.
charts-time = Time
charts-up-to = up to { $minutes ->
    [one] { $minutes } minute
   *[other] { $minutes } minutes
}
charts-longer = longer than { $minutes } minutes
charts-calls = Calls
charts-numbers = One number, many users
charts-numbers-hint = Numbers that called as more than one user, where operators have noted the number. A number of a house’s exchange is no fraud; one that claims to be many people may be.
charts-numbers-none = No number has called as more than one user, as far as operators have noted numbers.
charts-number = Number
charts-users = Users
charts-operators = Codes by operator
charts-operators-hint = Marked is who has given at least ten codes and more than three times what the others have in the middle. There may be a good reason; look at their calls in the log.
charts-operators-none = Nobody has given a code.
charts-operator = Operator
charts-marked = conspicuous
