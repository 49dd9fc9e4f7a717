"""llama.cpp's server in a process of its own: `GGUF PORT PEOPLE TOKENS_EACH THREADS`."""

import signal
import sys

import xllamacpp


def main() -> None:
    gguf, (port, people, tokens, threads) = sys.argv[1], map(int, sys.argv[2:])
    wanted = xllamacpp.CommonParams()
    wanted.model.path = gguf
    wanted.port = port
    wanted.n_parallel = people
    wanted.n_ctx = people * tokens
    wanted.cpuparams.n_threads = wanted.cpuparams_batch.n_threads = threads
    server = xllamacpp.Server(wanted)  # held while it serves
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    del server


if __name__ == "__main__":
    main()
