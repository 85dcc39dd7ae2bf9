# What the metrics mean, told by the program itself.
# By way of a file: a pipe that head closes early ends the program, or not, as chance has it.
"$CURATE" explain > all.txt
head -n 3 all.txt
"$CURATE" explain ifd_loss
"$CURATE" explain metric nll --json > nll.json
head -c 180 nll.json
echo
"$CURATE" explain --json | tail -n 1
! "$CURATE" explain nl
! "$CURATE" explain recipe nll
! "$CURATE" explain metric nll ifd
