/* Many sessions of which each says and hears little, and how late that little is.
 *
 *     idle port P milliseconds 30000 [sources 4] group NAME connections N target /path ...
 *
 * Options behind `group NAME` are that group's, up to the next: `connections`, `target`, `first`
 * and `settled` as for the other loads; `ping` (a text, with `%d` for a number), `opcode` of it,
 * `answer` it must have, `period` in milliseconds between the pings of one session; `beat`, a text
 * that each of the venue's heartbeats has, which are due every second.
 *
 * Prints `{"event":"ready"}` when all are settled and waits for a line; then measures, and prints
 * for each group what came and how late, in microseconds: of answers the time since the ping, of
 * heartbeats the time since they were due by the most punctual of that session.
 *
 * Law 1: pings of a group are spread evenly over its period, so the load has no rhythm of its own.
 * Law 2: whoever is connected pings, also while others still connect.
 */
#include "client.h"

enum { GROUPS = 8, SLICE = 256, SECOND = 1000000000 };

static const uint64_t TOLD = UINT64_MAX; /* An event of standard input, and of no session. */

struct series {
    size_t count, room;
    struct moment {
        uint64_t at;
        uint32_t who;
    } *moments;
};

struct group {
    char **options;
    const char *name, *ping, *answer, *beat;
    struct link *links;
    uint64_t *pinged; /* when; 0 when nothing is outstanding */
    uint64_t due, gap; /* of the next ping of any, and between two of them */
    int count, opened, next, opcode, sent, skipped;
    struct series answers, beats; /* of answers `at` is how long they took */
};

static struct group groups[GROUPS];
static int group_count, opening, told;

static struct link *place(int i) { return &groups[opening].links[groups[opening].opened + i]; }

static void note(struct series *series, uint64_t at, uint32_t who)
{
    if (series->count == series->room) {
        series->room = series->room ? series->room * 2 : 1024;
        series->moments = realloc(series->moments, series->room * sizeof *series->moments);
    }
    series->moments[series->count++] = (struct moment){at, who};
}

/* The options are split so that `asked` finds those of the chosen group only. */
static void choose(int number)
{
    opening = number;
    options = groups[number].options;
}

static void split(char **told)
{
    for (char **each = told; *each; each += 2) {
        if (strcmp(*each, "group"))
            continue;
        if (group_count == GROUPS)
            fail("too many groups");
        groups[group_count].name = each[1];
        groups[group_count++].options = each + 2;
    }
}

static const char *own(const char *name, const char *otherwise)
{
    for (char **each = options; *each && strcmp(*each, "group"); each += 2)
        if (!strcmp(*each, name))
            return each[1];
    if (otherwise == NULL)
        fail("%s is missing", name);
    return otherwise;
}

static void describe(struct group *group)
{
    uint64_t period = strtoull(own("period", "0"), NULL, 10) * 1000000;
    group->count = atoi(own("connections", NULL));
    group->ping = own("ping", ""), group->answer = own("answer", "");
    group->opcode = atoi(own("opcode", "1")), group->beat = own("beat", "");
    group->gap = group->count ? period / (uint64_t)group->count : 0;
    group->links = calloc((size_t)group->count + 1, sizeof *group->links);
    group->pinged = calloc((size_t)group->count + 1, sizeof *group->pinged);
}

static void send_ping(struct group *group, uint64_t now)
{
    char text[512];
    int who = group->next;
    group->next = (who + 1) % group->opened;
    if (group->pinged[who]) {
        group->skipped++; /* The last one is not answered: that is late enough as it is. */
        return;
    }
    snprintf(text, sizeof text, group->ping, 100000 + who);
    say_frame(&group->links[who], group->opcode, text);
    group->pinged[who] = now;
    group->sent++;
}

static void examine(struct group *group, uint32_t who, const struct frame *frame, uint64_t now)
{
    if (*group->beat && frame->opcode == TEXT && has(frame, group->beat))
        note(&group->beats, now, who);
    else if (group->pinged[who] && frame->opcode == (group->opcode == PING ? PONG : TEXT) &&
             has(frame, group->answer)) {
        note(&group->answers, now - group->pinged[who], who);
        group->pinged[who] = 0;
    } else
        fail("%s: unexpected: %.*s", group->name, (int)frame->size, frame->payload);
}

static void readable(struct group *group, uint32_t who)
{
    struct link *link = &group->links[who];
    struct frame frame;
    ssize_t have = hear(link);
    size_t at = 0, taken;
    uint64_t now = monotonic();
    if (have == 0)
        fail("%s: the server has closed a link", group->name);
    while (have > 0 && (taken = cut(chunk + at, (size_t)have - at, &frame))) {
        at += taken;
        examine(group, who, &frame, now);
    }
    if (have > 0)
        keep(link, chunk + at, (size_t)have - at);
}

static int wait_ms(uint64_t now)
{
    uint64_t due = now + SECOND / 10;
    for (int g = 0; g < group_count; g++)
        if (groups[g].gap && groups[g].opened && groups[g].due < due)
            due = groups[g].due;
    return due <= now ? 0 : (int)((due - now + 999999) / 1000000);
}

static void spin(int poll, uint64_t until)
{
    struct epoll_event events[EVENTS];
    for (uint64_t now = monotonic(); now < until; now = monotonic()) {
        for (int g = 0; g < group_count; g++)
            for (; groups[g].opened && groups[g].gap && groups[g].due <= now;
                 groups[g].due += groups[g].gap)
                send_ping(&groups[g], now);
        int ready = epoll_wait(poll, events, EVENTS, wait_ms(now));
        for (int i = 0; i < ready; i++)
            if (events[i].data.u64 == TOLD)
                told = 1;
            else
                readable(&groups[events[i].data.u64 >> 32], (uint32_t)events[i].data.u64);
    }
}

static void open_group(int poll, int number, char **all)
{
    struct group *group = &groups[number];
    const char *target = own("target", NULL), *first = own("first", "");
    const char *settled = own("settled", "");
    options = all; /* `port` and `sources` are everybody's. */
    for (group->due = monotonic(); group->opened < group->count;) {
        int left = group->count - group->opened, more = left < SLICE ? left : SLICE;
        open_links(poll, place, more, target, first, settled);
        for (int i = 0; i < more; i++) {
            struct epoll_event event = {.events = EPOLLIN};
            event.data.u64 = (uint64_t)number << 32 | (uint32_t)(group->opened + i);
            epoll_ctl(poll, EPOLL_CTL_MOD, place(i)->fd, &event);
        }
        group->opened += more;
        spin(poll, monotonic() + 1);
    }
}

static void open_all(int poll, char **all)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = TOLD};
    for (int g = 0; g < group_count; g++) {
        choose(g);
        describe(&groups[g]);
        open_group(poll, g, all);
    }
    printf("{\"event\":\"ready\"}\n");
    fflush(stdout);
    epoll_ctl(poll, EPOLL_CTL_ADD, STDIN_FILENO, &event);
    while (!told)
        spin(poll, monotonic() + SECOND / 100);
    epoll_ctl(poll, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
}

/* What came while the sessions were opened is of no interest. */
static void forget(void)
{
    uint64_t now = monotonic();
    for (int g = 0; g < group_count; g++) {
        groups[g].beats.count = groups[g].answers.count = 0;
        groups[g].sent = groups[g].skipped = 0;
        groups[g].due = now + groups[g].gap;
    }
}

static int by_time(const void *left, const void *right)
{
    uint64_t a = ((const struct moment *)left)->at, b = ((const struct moment *)right)->at;
    return a < b ? -1 : a > b;
}

static void tell(const char *what, struct series *series)
{
    size_t n = series->count;
    qsort(series->moments, n, sizeof *series->moments, by_time);
    printf(",\"%s\":{\"count\":%zu,\"p50\":%.1f,\"p99\":%.1f,\"max\":%.1f}", what, n,
           n ? (double)series->moments[n / 2].at / 1e3 : 0.0,
           n ? (double)series->moments[n * 99 / 100].at / 1e3 : 0.0,
           n ? (double)series->moments[n - 1].at / 1e3 : 0.0);
}

/* Makes of each heartbeat's time how late it was; how many there should have been and were not. */
static long judge_beats(struct group *group)
{
    struct series *beats = &group->beats;
    uint64_t *first = calloc((size_t)group->count + 1, sizeof *first);
    int64_t *best = calloc((size_t)group->count + 1, sizeof *best);
    long missing = 0;
    long *last = calloc((size_t)group->count + 1, sizeof *last);
    for (size_t i = 0; i < beats->count; i++) {
        struct moment *beat = &beats->moments[i];
        if (!first[beat->who])
            first[beat->who] = beat->at;
        int64_t since = (int64_t)(beat->at - first[beat->who]);
        long number = (long)((since + SECOND / 2) / SECOND);
        int64_t off = since - (int64_t)number * SECOND;
        best[beat->who] = off < best[beat->who] ? off : best[beat->who];
        missing += i && number > last[beat->who] + 1 ? number - last[beat->who] - 1 : 0;
        last[beat->who] = number;
    }
    for (size_t i = 0; i < beats->count; i++) {
        struct moment *beat = &beats->moments[i];
        int64_t since = (int64_t)(beat->at - first[beat->who]);
        long number = (long)((since + SECOND / 2) / SECOND);
        beat->at = (uint64_t)(since - (int64_t)number * SECOND - best[beat->who]);
    }
    for (int i = 0; i < group->count; i++)
        missing += !first[i];
    free(first), free(best), free(last);
    return missing;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    char **all = options;
    split(all);
    int poll = epoll_create1(0);
    open_all(poll, all);
    uint64_t length = strtoull(asked("milliseconds", NULL), NULL, 10) * 1000000;
    forget();
    spin(poll, monotonic() + SECOND); /* Takes what has been waiting. */
    forget();
    uint64_t cpu = cpu_used(), start = monotonic();
    spin(poll, start + length);
    uint64_t wall = monotonic() - start;
    cpu = cpu_used() - cpu;
    printf("{\"cpu\":%lu,\"wall\":%lu,\"groups\":{", cpu, wall);
    for (int g = 0; g < group_count; g++) {
        struct group *group = &groups[g];
        long missing = *group->beat ? judge_beats(group) : 0;
        printf("%s\"%s\":{\"sent\":%d,\"skipped\":%d,\"missing\":%ld", g ? "," : "", group->name,
               group->sent, group->skipped, missing);
        tell("answers", &group->answers);
        tell("beats", &group->beats);
        printf("}");
    }
    printf("}}\n");
    fflush(stdout);
    _exit(0); /* Parting politely would take as long again. */
}
