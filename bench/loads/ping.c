/* Pings over many links, as fast as they are answered.
 *
 *     ping port P pids 12,13 target /path connections 100 depth 1 milliseconds 2000
 *          text '{"method":"ping","req_id":%d}' answer '"pong"' [opcode 9] [sources 1]
 *
 * Law 1: every link is a closed loop: `depth` pings in one write, then all their answers, then the
 *        next; so the server is never waited for by a timer, and sets the pace itself.
 * Law 2: every answer is looked at: it has `answer` in it and, where the ping has `%d`, the number
 *        of the ping it is due to, in order. Anything else is an error.
 * Law 3: it never sleeps. To wake a load costs whoever answers it, and costs those the most that
 *        are slow enough for it to fall asleep between two answers; a client that waits is no
 *        part of what a server costs.
 */
#include "client.h"

enum { FIRST_NUMBER = 100000, NUMBERS = 1024 }; /* of six digits, so that all pings have one size */

struct loop {
    struct link link;
    int next;    /* ping to be sent */
    int due;     /* ping whose answer comes next */
    int missing; /* answers of the present write */
};

static struct loop *loops;
static uint8_t *frames; /* all pings, twice, so that any `depth` of them are one piece */
static size_t frame_size;
static char digits[NUMBERS][8];
static int depth, numbered, opcode, ending;
static const char *expected;

static struct link *place(int i) { return &loops[i].link; }

/* The ping's text with its number, if it has one. */
static size_t worded(char *to, size_t room, const char *text, int number)
{
    const char *hole = strstr(text, "%d");
    if (hole == NULL)
        return (size_t)snprintf(to, room, "%s", text);
    return (size_t)snprintf(to, room, "%.*s%d%s", (int)(hole - text), text, number, hole + 2);
}

static void prepare(void)
{
    const char *text = asked("text", NULL);
    char payload[1024];
    srand(7);
    for (int i = 0; i < 2 * NUMBERS; i++) {
        uint32_t mask = (uint32_t)rand() << 1 | 1;
        size_t size = worded(payload, sizeof payload, text, FIRST_NUMBER + i % NUMBERS);
        if (frames == NULL)
            frames = malloc(2 * NUMBERS * (size + 16));
        frame_size = put(frames + (size_t)i * frame_size, opcode, payload, size, (uint8_t *)&mask);
        snprintf(digits[i % NUMBERS], sizeof *digits, "%d", FIRST_NUMBER + i % NUMBERS);
    }
}

static void send_pings(struct loop *loop)
{
    say(&loop->link, frames + (size_t)loop->next * frame_size, (size_t)depth * frame_size);
    loop->next = (loop->next + depth) % NUMBERS;
    loop->missing = depth;
}

static void examine(struct loop *loop, const struct frame *frame)
{
    int kind = opcode == PING ? PONG : TEXT;
    if (frame->opcode != kind || !has(frame, expected) ||
        (numbered && !has(frame, digits[loop->due])) || loop->missing == 0)
        fail("not the answer to ping %s: %.*s", digits[loop->due], (int)frame->size, frame->payload);
    loop->due = (loop->due + 1) % NUMBERS;
    loop->missing--;
}

/* How many pings of a write that is now answered whole. */
static int readable(struct loop *loop)
{
    struct frame frame;
    ssize_t have = hear(&loop->link);
    size_t at = 0, taken;
    if (have < 0)
        return 0;
    if (have == 0)
        fail("the server has closed a link");
    while ((taken = cut(chunk + at, (size_t)have - at, &frame))) {
        at += taken;
        examine(loop, &frame);
    }
    keep(&loop->link, chunk + at, (size_t)have - at);
    if (loop->missing)
        return 0;
    if (!ending)
        send_pings(loop);
    return depth;
}

/* Lets the loops run until then; how many pings were answered. */
static uint64_t spin(int poll, uint64_t until)
{
    struct epoll_event events[EVENTS];
    uint64_t answered = 0, heard = monotonic();
    for (uint64_t now = heard; now < until; now = monotonic()) {
        int ready = epoll_wait(poll, events, EVENTS, 0);
        if (ready > 0)
            heard = now;
        else if (now > heard + PATIENCE_MS * 1000000ull)
            fail("no answer for %d s", PATIENCE_MS / 1000);
        for (int i = 0; i < ready; i++)
            answered += (uint64_t)readable(&loops[events[i].data.u32]);
    }
    return answered;
}

static void finish(int poll, int count)
{
    ending = 1;
    for (int i = 0; i < count; i++)
        while (loops[i].missing)
            readable(&loops[i]);
    close_links(poll, place, count);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    int poll = epoll_create1(0), count = asked_number("connections", NULL);
    uint64_t length = (uint64_t)asked_number("milliseconds", NULL) * 1000000;
    depth = asked_number("depth", "1"), opcode = asked_number("opcode", "1");
    expected = asked("answer", NULL), numbered = strstr(asked("text", NULL), "%d") != NULL;
    loops = calloc((size_t)count, sizeof *loops);
    prepare();
    open_links(poll, place, count, asked("target", "/"), "", asked("greeting", ""));
    for (int i = 0; i < count; i++) {
        if (loops[i].link.kept)
            fail("the server says more than it was asked");
        loops[i].next = loops[i].due = i * 37 % NUMBERS / depth * depth;
        send_pings(&loops[i]);
    }
    spin(poll, monotonic() + length / 4);
    uint64_t cpu = cpu_used(), start = monotonic();
    uint64_t answered = spin(poll, start + length);
    uint64_t wall = monotonic() - start;
    cpu = cpu_used() - cpu;
    printf("{\"messages\":%lu,\"cpu\":%lu,\"wall\":%lu}\n", answered, cpu, wall);
    finish(poll, count);
    return 0;
}
