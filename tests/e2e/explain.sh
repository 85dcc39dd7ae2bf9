# What the metrics mean, told by the program itself.
"$CURATE" explain | head -n 3
"$CURATE" explain ifd_loss
"$CURATE" explain metric nll --json | head -c 180 && echo
"$CURATE" explain --json | tail -n 1
! "$CURATE" explain nl
! "$CURATE" explain recipe nll
! "$CURATE" explain metric nll ifd
