# Completion scripts for three shells, made from the option tables. A shell that is not installed
# is skipped; bash is always tested.
for shell in bash zsh fish; do
    "$CURATE" completions $shell > curate.$shell
done
bash -n curate.bash
! command -v zsh > /dev/null || zsh -n curate.zsh
! command -v fish > /dev/null || fish -n curate.fish

touch corpus.jsonl model.gguf
cat > ask.sh << 'END'
source curate.bash
ask() {
    COMP_WORDS=(curate "$@") COMP_CWORD=$# COMPREPLY=()
    _curate
    echo "curate $*: ${COMPREPLY[*]}"
}
ask "" | grep -o " ingest score measure dedup cohort "
ask ing
ask score --tem
ask export --to ""
ask export --to = sh
ask cohort ""
ask cohort make --no
ask model i
ask model info m
ask mix ""
ask score imp
ask score nll_
ask score import --b
ask select --by ga
ask --db x.db exp
ask -t 4 --lock ""
ask --db = x.db -q ingest --sp
ask ingest cor
ask rejects ""
ask rejects --class bad_j
ask ingest --on moj
ask score --cas-sign ""
ask help coh
ask help cohort s
ask explain bad_t
ask completions ""
ask query ""
ask no-such --
END
bash -u ask.sh

# Every option of every command is offered, as its help lists it.
source curate.bash
"$CURATE" help > help.txt
sed -nE 's/^  ([a-z]+( [a-z-]+)?) .*/\1/p' help.txt | grep -vE '^(help|version)$' > commands.txt
while IFS= read -r command; do
    "$CURATE" help $command | grep -oE '^  (-[a-z], |    )--[a-z0-9-]+' | grep -oE -e '--[a-z0-9-]+' | sort > listed.txt
    _curate_options "$command" | tr ' ' '\n' | grep . | sort | diff listed.txt - || echo "differs: $command"
done < commands.txt
grep -c . commands.txt | awk '{ print ($1 > 20) }'

# In fish too: its completion engine prints each word with its description.
if command -v fish > /dev/null; then
    for line in 'curate score --tem' 'curate export --to sh' 'curate cohort mak' 'curate score nll_n'; do
        fish -c "source curate.fish; complete -C '$line'" | cut -f 1
    done > fish.txt
    printf '%s\n' --template sharegpt make nll_near | diff fish.txt -
fi
! "$CURATE" completions tcsh
