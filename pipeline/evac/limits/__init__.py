"""Stage `limits`: what no plan can beat, by maximum flow over time, and the lanes that make it so.

Households' cars are supplies at their streets from their departure on; one sink is behind all exit lines. The most that
can have crossed the lines by minute T, for every T, bounds the simulated curve at every minute: whatever routes and
exits drivers choose, however they queue. That there is one flow which is best for all T at once is Minieka's theorem
(Operations Research 21, 1973; survey: Hamacher and Tjandra, 2001); the bound needs only the values.

Everything that is rounded is rounded in the flow's favour: travel times down, capacities up. docs/method.md has it all.
"""
