# The program explains its metrics.
# Through a file: whether a pipe that head closes early ends the program is a matter of timing.
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
"$CURATE" explain status no_tool_template
! "$CURATE" explain no_tool_template
