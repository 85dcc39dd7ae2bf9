# SPDX-License-Identifier: Apache-2.0
"""Questions about pages of novels: (novel, words of the paragraph asked for, question, answer)."""

QUESTIONS = [
    ("alice", "round the neck of the bottle was a paper label",
     "Which words were on the paper label round the neck of the bottle?",
     "The words ‘DRINK ME’ beautifully printed on it in large letters."),
    ("alice", "a very small cake, on which the words",
     "How were the words ‘EAT ME’ marked on the cake?",
     "The words ‘EAT ME’ were beautifully marked in currants."),
    ("alice", "Why is a raven like",
     "What did the Hatter ask when he opened his eyes very wide?",
     "All he said was, ‘Why is a raven like a writing-desk?’"),
    ("alice", "this here ought to have been a",
     "Why were Two, Five and Seven painting those roses?",
     "This here ought to have been a red rose-tree, and they put a white one in by mistake."),
    ("alice", "Reeling and Writhing, of course",
     "What was the regular course that the Mock Turtle took?",
     "Reeling and Writhing, and then the different branches of Arithmetic—Ambition, Distraction, "
     "Uglification, and Derision."),
    ("four", "a seven-per-cent. solution",
     "Which is it to-day, morphine or cocaine?",
     "It is cocaine, a seven-per-cent. solution."),
    ("four", "from the H. W. upon the back",
     "To whom should Holmes judge that the watch belonged?",
     "He should judge that the watch belonged to your elder brother, who inherited it from your "
     "father."),
    ("four", "a similar box, containing a similar pearl",
     "What has there always appeared every year upon the same date?",
     "Every year upon the same date there has always appeared a similar box, containing a similar "
     "pearl."),
    ("machine", "found that her name was Weena",
     "What was her name?",
     "I found that her name was Weena, which, though I don't know what it meant, somehow seemed "
     "appropriate enough."),
    ("machine", "a number of tall spikes of strange white flowers",
     "What did I see of strange white flowers?",
     "I saw a number of tall spikes of strange white flowers, measuring a foot perhaps across the "
     "spread of the waxen petals."),
    ("mayor", "I'll sell her for",
     "For how much would the husband sell her to any man that will pay the money?",
     "He would sell her for five guineas to any man that will pay him the money, and treat her "
     "well."),
    ("mayor", "avoid all strong liquors for the",
     "For how long did Michael Henchard take an oath to avoid all strong liquors?",
     "He took an oath that he will avoid all strong liquors for the space of twenty-one years to "
     "come."),
]
