/* Sessions that come, prove who they are, subscribe, hear that they are heard, and leave politely.
 *
 *     connect port P pids 12,13 target /path headers 'ApiKey: ...\r\n' together 64
 *             milliseconds 5000 sources 30 first '{"type":"subscribe",...}' settled '"initial":true'
 *
 * `headers` go into the upgrade request; `\r\n` may be written with backslashes.
 *
 * Law 1: a closed loop: so many sessions at once, each followed by the next when its end is
 *        complete: the server has answered CLOSE and closed the connection.
 * Law 2: a session counts when it has heard `settled`; one that ends otherwise ends the load.
 */
#include "client.h"

struct session {
    struct link link;
    enum { IN_HEAD, WAITING, ENDING } state;
    uint64_t began;
};

static struct session *sessions;
static int dials, poll;
static const char *target, *first, *settled;
static char headers[2048];
static double *took;
static size_t took_count, took_room;

static void start(uint32_t number)
{
    struct session *session = &sessions[number];
    *session = (struct session){.began = monotonic()};
    session->link.fd = dialed(dials++);
    ask_upgrade(&session->link, target, headers);
    if (watched(poll, session->link.fd, number))
        fail("epoll: %s", strerror(errno));
}

static void settled_now(struct session *session)
{
    if (took_count == took_room) {
        took_room = took_room ? took_room * 2 : 4096;
        took = realloc(took, took_room * sizeof *took);
    }
    took[took_count++] = (double)(monotonic() - session->began) / 1e3;
    session->state = ENDING;
    say_frame(&session->link, CLOSE, "\x03\xe8");
}

static void readable(uint32_t number)
{
    struct session *session = &sessions[number];
    struct frame frame;
    size_t at = 0, taken;
    ssize_t have = hear(&session->link);
    if (have < 0)
        return;
    if (have == 0) {
        if (session->state != ENDING)
            fail("the server has closed a link");
        keep(&session->link, NULL, 0);
        close(session->link.fd);
        start(number);
        return;
    }
    if (session->state == IN_HEAD && (at = upgraded(have))) {
        session->state = WAITING;
        say_frame(&session->link, TEXT, first);
    }
    while (session->state != IN_HEAD && (taken = cut(chunk + at, (size_t)have - at, &frame))) {
        at += taken;
        if (session->state == WAITING && frame.opcode == CLOSE)
            fail("refused: %.*s", (int)frame.size, frame.payload);
        if (session->state == WAITING && has(&frame, settled))
            settled_now(session);
    }
    keep(&session->link, chunk + at, (size_t)have - at);
}

static void spin(uint64_t until)
{
    struct epoll_event events[EVENTS];
    while (monotonic() < until) {
        int ready = epoll_wait(poll, events, EVENTS, PATIENCE_MS);
        if (ready == 0)
            fail("no answer for %d s", PATIENCE_MS / 1000);
        for (int i = 0; i < ready; i++)
            readable(events[i].data.u32);
    }
}

static int by_size(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

/* Line ends of headers are written `\r\n`, as an argument cannot well hold them. */
static void unescape(const char *from, char *to)
{
    for (; *from; to++) {
        int escaped = from[0] == '\\' && (from[1] == 'r' || from[1] == 'n');
        *to = escaped ? (from[1] == 'r' ? '\r' : '\n') : *from;
        from += escaped ? 2 : 1;
    }
    *to = 0;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    int together = asked_number("together", "64");
    uint64_t length = (uint64_t)asked_number("milliseconds", NULL) * 1000000;
    if (strlen(asked("headers", "")) >= sizeof headers)
        fail("too many headers");
    unescape(asked("headers", ""), headers);
    target = asked("target", "/"), first = asked("first", NULL), settled = asked("settled", NULL);
    poll = epoll_create1(0);
    sessions = calloc((size_t)together, sizeof *sessions);
    for (int i = 0; i < together; i++)
        start((uint32_t)i);
    spin(monotonic() + length / 4);
    took_count = 0;
    uint64_t cpu = cpu_used(), own = nanoseconds(CLOCK_PROCESS_CPUTIME_ID), began = monotonic();
    spin(began + length);
    uint64_t wall = monotonic() - began;
    cpu = cpu_used() - cpu, own = nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - own;
    if (took_count == 0)
        fail("nobody was settled");
    qsort(took, took_count, sizeof *took, by_size);
    printf("{\"messages\":%zu,\"cpu\":%lu,\"wall\":%lu,\"own\":%lu,\"p50\":%.1f,\"p99\":%.1f}\n",
           took_count, cpu, wall, own, took[took_count / 2], took[took_count * 99 / 100]);
    return 0;
}
