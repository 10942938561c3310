/*
 * A stand-in for the Codex CLI that costs next to nothing, so that a measurement shows the server and not the CLI: it starts in
 * a fraction of a millisecond, calls no model, and prints events at a pace that the prompt orders.
 *
 *   cc -O2 -static -o artifacts/bench/codex bench/fake-codex/fake_codex.c
 *
 *   codex exec --json [options] [resume <session>] <prompt>      the prompt as the last argument, or from stdin when that is "-"
 *
 *   prompt: bench events=<count> bytes=<per line> every_us=<pause> [hold_us=<pause>] [record_bytes=<count>]
 *                                                                              in this order, one blank between
 *
 *   events    0 to 10,000,000 messages
 *   bytes     128 to 1,048,576: length of each message's line, its line feed included
 *   every_us  time from one message to the next, the first comes at once; 0 writes all as fast as they are read, in blocks of
 *             whole lines of up to 64 KiB
 *   hold_us   silence between the last message and turn.completed, 0 unless given: a turn that is open and idle
 *   record_bytes  by so much the session's record in CODEX_HOME grows before turn.completed, up to 16,777,216; 0 unless given,
 *             and then no record is made, so that a server cannot resume the session
 *
 * Message n is an agent_message item whose text is "<n> <time> xxx…", time in nanoseconds of CLOCK_MONOTONIC, taken right before
 * the write that carries it (one time for all messages of a block). A client on the same machine reads its latency off it.
 *
 * Pace: message n is due at start + n * every_us, whatever became of the messages before it. When the reader lets the pipe fill up,
 * or the machine is busy, what is overdue is written at once, still in one write each, until the schedule is met again. So the
 * load that is offered does not depend on the server under test: a slow one cannot make its own task lighter.
 *
 * Exit status: 0 done, 1 stdout is gone, 2 not understood. SIGINT and SIGTERM end it as they end any program.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 64 * 1024, MAX_PROMPT = 4096 };

/* A line is HEAD n MIDDLE n ' ' time ' ' x… TAIL. */
static const char HEAD[] = "{\"type\":\"item.completed\",\"item\":{\"id\":\"item_";
static const char MIDDLE[] = "\",\"type\":\"agent_message\",\"text\":\"";
static const char TAIL[] = "\"}}\n";
static const char TURN_COMPLETED[] =
    "{\"type\":\"turn.completed\",\"usage\":{\"input_tokens\":1,\"cached_input_tokens\":0,\"output_tokens\":1,\"reasoning_output_tokens\":0}}\n";

struct order {
    uint64_t events, bytes, every_us, hold_us, record_bytes;
};

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void sleep_until(uint64_t ns)
{
    struct timespec t = { .tv_sec = (time_t)(ns / 1000000000u), .tv_nsec = (long)(ns % 1000000000u) };
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
        ;
}

static void write_all(const char *data, size_t length)
{
    while (length > 0) {
        ssize_t count = write(STDOUT_FILENO, data, length);
        if (count >= 0) {
            data += count;
            length -= (size_t)count;
        } else if (errno == EAGAIN) {
            /* Whoever started this program may have made the pipe non-blocking. */
            struct pollfd room = { .fd = STDOUT_FILENO, .events = POLLOUT };
            poll(&room, 1, -1);
        } else if (errno != EINTR) {
            /* Mostly EPIPE: the server is gone, and with it whoever would want to know. */
            _exit(1);
        }
    }
}

static char *put(char *to, const char *text, size_t length)
{
    memcpy(to, text, length);
    return to + length;
}

static char *put_number(char *to, uint64_t value)
{
    char digits[20];
    size_t length = 0;
    do {
        digits[sizeof digits - ++length] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    return put(to, digits + sizeof digits - length, length);
}

/* Everything of a line that never changes. */
static void prepare_line(char *line, size_t bytes)
{
    memset(line, 'x', bytes);
    memcpy(line + bytes - (sizeof TAIL - 1), TAIL, sizeof TAIL - 1);
}

/* The rest. A line that is used again only gets longer numbers, so nothing of its last use stays. */
static void fill_line(char *line, uint64_t n, uint64_t time)
{
    line = put(line, HEAD, sizeof HEAD - 1);
    line = put_number(line, n);
    line = put(line, MIDDLE, sizeof MIDDLE - 1);
    line = put_number(line, n);
    *line++ = ' ';
    line = put_number(line, time);
    *line = ' ';
}

static void write_events(const struct order *order)
{
    const uint64_t in_block = order->every_us > 0 || order->bytes > BLOCK ? 1 : BLOCK / order->bytes;
    char *block = malloc(in_block * order->bytes);
    if (block == NULL) {
        perror("fake codex: no memory for a block of lines");
        exit(2);
    }
    for (uint64_t i = 0; i < in_block; i++)
        prepare_line(block + i * order->bytes, order->bytes);

    const uint64_t start = now_ns();
    for (uint64_t n = 0; n < order->events; n += in_block) {
        if (order->every_us > 0 && n > 0)
            sleep_until(start + n * order->every_us * 1000);
        const uint64_t left = order->events - n, count = left < in_block ? left : in_block;
        const uint64_t time = now_ns();
        for (uint64_t i = 0; i < count; i++)
            fill_line(block + i * order->bytes, n + i, time);
        write_all(block, count * order->bytes);
    }
    free(block);
}

static void new_session_id(char text[37])
{
    static const char hex[] = "0123456789abcdef";
    unsigned char random[16];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
        perror("fake codex: no random bytes for a session id");
        exit(2);
    }
    /* Version 7, as the real one's: it begins with the milliseconds of its time. */
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    const uint64_t ms = (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
    for (int i = 0; i < 6; i++)
        random[i] = (unsigned char)(ms >> (40 - 8 * i));
    random[6] = (random[6] & 0x0f) | 0x70;
    random[8] = (random[8] & 0x3f) | 0x80;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *text++ = '-';
        *text++ = hex[random[i] >> 4];
        *text++ = hex[random[i] & 15];
    }
    *text = 0;
}

/* In the folder of the day that its id tells, as the real one does it; UTC is near enough, a reader looks at the days beside it too. */
static void keep_record(const char *session, uint64_t bytes)
{
    static char lines[64 * 1024];
    char path[PATH_MAX], millis[13];
    const char *home = getenv("CODEX_HOME");
    if (home == NULL || strlen(home) > PATH_MAX - 128) {
        fprintf(stderr, "fake codex: record_bytes needs CODEX_HOME.\n");
        exit(2);
    }
    memcpy(millis, session, 8);
    memcpy(millis + 8, session + 9, 4);
    millis[12] = 0;
    const time_t seconds = (time_t)(strtoull(millis, NULL, 16) / 1000);
    struct tm day;
    gmtime_r(&seconds, &day);
    int at = snprintf(path, sizeof path, "%s/sessions", home);
    mkdir(path, 0700);
    at += (int)strftime(path + at, sizeof path - (size_t)at, "/%Y", &day);
    mkdir(path, 0700);
    at += (int)strftime(path + at, sizeof path - (size_t)at, "/%m", &day);
    mkdir(path, 0700);
    at += (int)strftime(path + at, sizeof path - (size_t)at, "/%d", &day);
    mkdir(path, 0700);
    snprintf(path + at, sizeof path - (size_t)at, "/rollout-bench-%s.jsonl", session);
    const int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0) {
        perror("fake codex: no record");
        exit(2);
    }
    memset(lines, 'x', sizeof lines);
    while (bytes > 0) {
        const ssize_t count = write(file, lines, bytes < sizeof lines ? bytes : sizeof lines);
        if (count < 0 && errno != EINTR) {
            perror("fake codex: no record");
            exit(2);
        }
        bytes -= count > 0 ? (uint64_t)count : 0;
    }
    close(file);
}

/* " <name>=<number>" at *text, which is moved behind it. */
static int take_field(const char **text, const char *name, uint64_t least, uint64_t most, uint64_t *value)
{
    const size_t length = strlen(name);
    const char *at = *text;
    if (*at++ != ' ' || strncmp(at, name, length) != 0 || at[length] != '=')
        return 0;
    at += length + 1;
    if (*at < '0' || *at > '9')
        return 0;
    char *end;
    errno = 0;
    const unsigned long long number = strtoull(at, &end, 10);
    if (errno != 0 || number < least || number > most)
        return 0;
    *value = number;
    *text = end;
    return 1;
}

static int read_order(const char *prompt, struct order *order)
{
    const uint64_t day = UINT64_C(86400000000);
    if (strncmp(prompt, "bench", 5) != 0)
        return 0;
    prompt += 5;
    if (!take_field(&prompt, "events", 0, 10000000, &order->events) || !take_field(&prompt, "bytes", 128, 1 << 20, &order->bytes)
        || !take_field(&prompt, "every_us", 0, day, &order->every_us))
        return 0;
    order->hold_us = 0;
    order->record_bytes = 0;
    take_field(&prompt, "hold_us", 0, day, &order->hold_us);
    take_field(&prompt, "record_bytes", 0, 1 << 24, &order->record_bytes);
    return prompt[strspn(prompt, "\r\n")] == 0;
}

/* The whole of stdin, cut where no order is that long; exec waits for its end. */
static const char *prompt_of_stdin(void)
{
    static char prompt[MAX_PROMPT + 1];
    size_t length = 0;
    for (;;) {
        const ssize_t count = read(STDIN_FILENO, prompt + length, MAX_PROMPT - length);
        if (count > 0)
            length += (size_t)count;
        else if (count == 0 || errno != EINTR)
            return prompt;
    }
}

static int run_turn(int argc, char **argv)
{
    char fresh[37];
    const char *session = NULL;
    for (int i = 2; i + 2 < argc; i++) {
        if (strcmp(argv[i], "resume") == 0)
            session = argv[i + 1];
    }
    if (session == NULL || strlen(session) != sizeof fresh - 1) {
        new_session_id(fresh);
        session = fresh;
    }

    const char *prompt = argc > 2 ? argv[argc - 1] : "";
    if (strcmp(prompt, "-") == 0)
        prompt = prompt_of_stdin();
    struct order order;
    if (!read_order(prompt, &order)) {
        fprintf(stderr,
            "fake codex: the prompt '%.200s' is no order. Write 'bench events=200 bytes=300 every_us=10000', at will with ' hold_us=0' "
            "and ' record_bytes=0' behind it; a line has 128 to 1048576 bytes.\n",
            prompt);
        return 2;
    }

    char start[160];
    const int length = snprintf(start, sizeof start, "{\"type\":\"thread.started\",\"thread_id\":\"%s\"}\n{\"type\":\"turn.started\"}\n", session);
    write_all(start, (size_t)length);
    write_events(&order);
    if (order.hold_us > 0)
        sleep_until(now_ns() + order.hold_us * 1000);
    if (order.record_bytes > 0)
        keep_record(session, order.record_bytes);
    write_all(TURN_COMPLETED, sizeof TURN_COMPLETED - 1);
    return 0;
}

int main(int argc, char **argv)
{
    const char *command = argc > 1 ? argv[1] : "";
    if (strcmp(command, "exec") == 0)
        return run_turn(argc, argv);
    if (strcmp(command, "--version") == 0) {
        static const char version[] = "codex-cli 0.169.0\n";
        write_all(version, sizeof version - 1);
        return 0;
    }
    /* The real one says this on stderr. */
    if (strcmp(command, "login") == 0 && argc == 3 && strcmp(argv[2], "status") == 0) {
        fputs("Logged in using an API key - test\n", stderr);
        return 0;
    }
    /* Asked for whether the sandbox works, by running "true" in it. */
    if (strcmp(command, "sandbox") == 0 && argc > 2 && strcmp(argv[argc - 1], "true") == 0)
        return 0;
    fprintf(stderr, "fake codex: '%.200s' is nothing this stand-in can do; it knows exec, --version, login status and sandbox -- true.\n", command);
    return 2;
}
