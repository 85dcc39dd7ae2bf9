# A model file that is truncated while in use is an error with a message, where the system would only
# print "Bus error".
cp "$DATA/tiny-llama.gguf" model.gguf
mkfifo ids
"$CURATE" model nll model.gguf < ids > nll.txt 2> said.txt &
exec 9> ids
for ((i = 0; i < 1000; i++)); do
    ! grep -q 'model\.gguf' "/proc/$!/maps" || break
    sleep 0.05
done
truncate -s 4096 model.gguf
seq 1 40 >&9
exec 9>&-
status=0
wait $! || status=$?
cat said.txt
echo "status $status"
