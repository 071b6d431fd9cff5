/* The C servers' common half: one thread, one epoll, one read for each readable event.
 *
 * A server includes this and says what it does with a text frame and with a plain HTTP request.
 */
#ifndef SERVER_H
#define SERVER_H

#define _GNU_SOURCE
#include "wire.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 1 << 17, CHUNK = 1 << 16 };

struct peer {
    uint8_t *rest; /* of a frame that has only begun */
    size_t kept;
    int upgraded;
};
static struct peer peers[MOST]; /* by descriptor */
static int highest;             /* descriptor there has been */
static uint8_t in[CHUNK + 1], out[1 << 20];

/* Appends the answer to one text frame; the new end. */
static size_t answer(const struct frame *frame, size_t end);
/* A request that asks for no upgrade. */
static void requested(int fd, const char *head);

static void say(int fd, const void *bytes, size_t size)
{
    const uint8_t *from = bytes;
    while (size) {
        ssize_t sent = send(fd, from, size, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN)
            return; /* It is gone, as the next read will tell. */
        if (sent > 0)
            from += sent, size -= (size_t)sent;
    }
}

static void leave(int fd)
{
    free(peers[fd].rest);
    peers[fd] = (struct peer){0};
    close(fd);
}

static void keep(struct peer *peer, const uint8_t *from, size_t size)
{
    if (size) {
        peer->rest = realloc(peer->rest, size);
        memmove(peer->rest, from, size);
    }
    peer->kept = size;
}

/* The bytes of a head, with which `in` begins; 0 when it is not all there. */
static size_t greet(int fd, struct peer *peer, size_t have)
{
    char said[256];
    in[have] = 0;
    char *end = strstr((char *)in, "\r\n\r\n");
    if (end == NULL)
        return 0;
    end[2] = 0;
    size_t size = welcome((char *)in, said);
    if (size) {
        peer->upgraded = 1;
        say(fd, said, size);
    } else
        requested(fd, (char *)in);
    return (size_t)((uint8_t *)end + 4 - in);
}

static void readable(int fd)
{
    struct peer *peer = &peers[fd];
    struct frame frame;
    memcpy(in, peer->rest, peer->kept);
    ssize_t got = recv(fd, in + peer->kept, CHUNK - peer->kept, 0);
    if (got <= 0) {
        if (got == 0 || errno != EAGAIN)
            leave(fd);
        return;
    }
    size_t have = peer->kept + (size_t)got, at = 0, end = 0, taken;
    if (!peer->upgraded && !(at = greet(fd, peer, have))) {
        keep(peer, in, have);
        return;
    }
    while (peer->upgraded && (taken = cut(in + at, have - at, &frame))) {
        at += taken;
        if (frame.opcode == TEXT)
            end = answer(&frame, end);
        else if (frame.opcode == CLOSE) {
            end += put(out + end, CLOSE, frame.payload, frame.size, NULL);
            say(fd, out, end);
            leave(fd);
            return;
        }
    }
    if (end)
        say(fd, out, end);
    keep(peer, in + at, have - at);
}

static void arrive(int poll, int listening)
{
    int fd, on = 1;
    while ((fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (fd >= MOST)
            fail("too many connections");
        highest = fd > highest ? fd : highest;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
    }
}

static int serve(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listening = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), poll = epoll_create1(0);
    if (bind(listening, (void *)&address, size) || listen(listening, 4096))
        fail("cannot listen: %s", strerror(errno));
    getsockname(listening, (void *)&address, &size);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listening}, events[1024];
    epoll_ctl(poll, EPOLL_CTL_ADD, listening, &event);
    printf("{\"event\":\"ready\",\"url\":\"ws://127.0.0.1:%d/\"}\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        int ready = epoll_wait(poll, events, 1024, -1);
        for (int i = 0; i < ready; i++)
            if (events[i].data.fd == listening)
                arrive(poll, listening);
            else
                readable(events[i].data.fd);
    }
}

#endif
