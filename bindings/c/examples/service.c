/*
 * A threaded HTTP service that guards its routes with bearer tokens: one engine, one listening socket, and in each thread an
 * epoll loop with a request of its own, so that deciding neither locks nor allocates.
 *
 *     service PORT POLICIES JWKS ISSUER AUDIENCE
 *
 *     GET  /companies/acme/rfis/42         needs rfis.view
 *     POST /companies/acme/rfis/42/close   needs rfis.close; the header X-MFA: yes tells of a second factor
 *
 * 401 for a missing or refused token, 403 for a deny with its reason, 404 for everything else. SIGHUP reloads the policies,
 * SIGTERM ends the service.
 */
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bailiwick.h"

enum { THREADS = 4, MAX_HEAD = 32 * 1024, MAX_EVENTS = 64 };

static bw_engine *engine;
static int listening, ending;

/* What has been read of one request. */
struct connection {
    int fd;
    size_t length;
    char head[MAX_HEAD];
};

/* The parts of a head that matter here; each lies within it. */
struct call {
    const char *method, *tenant, *rfi;
    bw_str token;
    bool closes, mfa;
};

static void respond(int fd, const char *status, const char *extra, const char *body)
{
    char response[2048];
    const int length = snprintf(response, sizeof response,
                                "HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n%s"
                                "Connection: close\r\n\r\n%s",
                                status, strlen(body), extra, body);
    /* A client that does not take a kilobyte is not waited for. */
    if (length > 0 && (size_t)length < sizeof response)
        (void)!send(fd, response, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Takes the next segment off the path, or NULL after the last. */
static char *segment(char **path)
{
    if (!*path || **path != '/')
        return NULL;
    char *begin = *path + 1;
    **path = '\0';
    *path = strchr(begin, '/');
    return begin;
}

/* Understands `GET /companies/ID/rfis/ID` and `POST /companies/ID/rfis/ID/close`. */
static bool parse_route(char *line, struct call *call)
{
    char *target = strchr(line, ' ');
    if (!target)
        return false;
    *target++ = '\0';
    char *version = strchr(target, ' ');
    if (!version)
        return false;
    *version = '\0';
    call->method = line;
    char *parts[6] = {NULL};
    size_t count = 0;
    while (count < 6 && (parts[count] = segment(&target)))
        count++;
    if (count < 4 || count > 5 || strcmp(parts[0], "companies") != 0 || strcmp(parts[2], "rfis") != 0)
        return false;
    call->tenant = parts[1];
    call->rfi = parts[3];
    call->closes = count == 5 && strcmp(parts[4], "close") == 0 && strcmp(line, "POST") == 0;
    return call->closes || (count == 4 && strcmp(line, "GET") == 0);
}

/* Splits a head at its line ends. Two Authorization headers are none: nobody knows which one counts. */
static bool parse(char *head, struct call *call)
{
    size_t authorizations = 0;
    bool understood = false;
    memset(call, 0, sizeof *call);
    for (char *line = head, *next; line; line = next) {
        next = strstr(line, "\r\n");
        if (next) {
            *next = '\0';
            next += 2;
        }
        if (line == head) {
            understood = parse_route(line, call);
        } else if (strncasecmp(line, "Authorization:", 14) == 0) {
            const char *value = line + 14 + strspn(line + 14, " \t");
            authorizations++;
            if (strncasecmp(value, "Bearer ", 7) == 0)
                call->token = bw_cstr(value + 7);
        } else if (strncasecmp(line, "X-MFA: yes", 11) == 0) {
            call->mfa = true;
        }
    }
    if (authorizations != 1)
        call->token = bw_none();
    return understood;
}

/* The guard: a session from the token, a decision from the session. */
static void serve(int fd, char *head, bw_request *request)
{
    struct call call;
    char text[512];
    if (!parse(head, &call)) {
        respond(fd, "404 Not Found", "", "not found\n");
        return;
    }
    if (!call.token.ptr) {
        respond(fd, "401 Unauthorized", "WWW-Authenticate: Bearer\r\n", "a bearer token is needed\n");
        return;
    }
    bw_session *session = NULL;
    const bw_status status = bw_authenticate(engine, call.token, bw_cstr(call.tenant), &session, NULL);
    if (status != BW_OK) {
        snprintf(text, sizeof text, "%s\n", bw_status_name(status));
        respond(fd, "401 Unauthorized", "WWW-Authenticate: Bearer error=\"invalid_token\"\r\n", text);
        return;
    }

    const char *action = call.closes ? "rfis.close" : "rfis.view";
    bw_decision decision = BW_DECISION_INIT;
    bw_request_clear(request);
    bw_request_resource(request, BW_STR("Rfi"), bw_cstr(call.rfi));
    if (call.closes)
        bw_request_context_bool(request, BW_STR("mfa"), call.mfa);
    bw_decide(session, bw_cstr(action), request, &decision, NULL);
    if (decision.allowed) {
        snprintf(text, sizeof text, "%s done\n", action);
        respond(fd, "200 OK", "", text);
    } else {
        const bool scope = decision.reason == BW_REASON_SCOPE;
        snprintf(text, sizeof text, "%s\n", bw_reason_name(decision.reason));
        respond(fd, "403 Forbidden", scope ? "WWW-Authenticate: Bearer error=\"insufficient_scope\"\r\n" : "", text);
    }
    bw_session_free(session);
}

static void hang_up(int events, struct connection *connection)
{
    epoll_ctl(events, EPOLL_CTL_DEL, connection->fd, NULL);
    close(connection->fd);
    free(connection);
}

/* Reads what there is; serves the request when its head is complete. */
static void advance(int events, struct connection *connection, bw_request *request)
{
    const size_t room = MAX_HEAD - 1 - connection->length;
    const ssize_t got = recv(connection->fd, connection->head + connection->length, room, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        if (room == 0)
            respond(connection->fd, "431 Request Header Fields Too Large", "", "too large\n");
        hang_up(events, connection);
        return;
    }
    connection->length += (size_t)got;
    connection->head[connection->length] = '\0';
    char *end = strstr(connection->head, "\r\n\r\n");
    if (!end)
        return;
    *end = '\0';
    serve(connection->fd, connection->head, request);
    hang_up(events, connection);
}

static void take(int events)
{
    const int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection) {
        close(fd);
        return;
    }
    connection->fd = fd;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    if (epoll_ctl(events, EPOLL_CTL_ADD, fd, &event) != 0)
        hang_up(events, connection);
}

static void *work(void *unused)
{
    (void)unused;
    const int events = epoll_create1(EPOLL_CLOEXEC);
    bw_request *request = NULL;
    bw_request_new(&request, NULL);
    struct epoll_event accepting = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data.ptr = &listening};
    struct epoll_event stopping = {.events = EPOLLIN, .data.ptr = &ending};
    epoll_ctl(events, EPOLL_CTL_ADD, listening, &accepting);
    epoll_ctl(events, EPOLL_CTL_ADD, ending, &stopping);
    for (bool running = true; running;) {
        struct epoll_event ready[MAX_EVENTS];
        const int count = epoll_wait(events, ready, MAX_EVENTS, -1);
        for (int at = 0; at < count; at++) {
            if (ready[at].data.ptr == &ending)
                running = false;
            else if (ready[at].data.ptr == &listening)
                take(events);
            else
                advance(events, ready[at].data.ptr, request);
        }
    }
    bw_request_free(request);
    close(events);
    return NULL;
}

/* Opens the engine, or ends the program. */
static void open_engine(char **arguments)
{
    bw_error *err = NULL;
    bw_profile *profile = NULL;
    bw_config *config = NULL;
    bw_profile_new(bw_cstr(arguments[3]), &profile, NULL);
    bw_profile_audience(profile, bw_cstr(arguments[4]));
    bw_profile_jwks_file(profile, bw_cstr(arguments[2]));
    bw_config_new(&config, NULL);
    bw_config_issuer(config, profile);
    if (bw_engine_open(bw_cstr(arguments[1]), config, &engine, &err)) {
        fputs(bw_error_report(err), stderr);
        exit(EXIT_FAILURE);
    }
    bw_config_free(config);
    bw_profile_free(profile);
}

/* Listens on the loopback interface and says on which port: 0 asks for any that is free. */
static void open_socket(const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(listening, (struct sockaddr *)&address, sizeof address) != 0 || listen(listening, SOMAXCONN) != 0 ||
        getsockname(listening, (struct sockaddr *)&address, &size) != 0) {
        perror("listening");
        exit(EXIT_FAILURE);
    }
    printf("listening on %d\n", ntohs(address.sin_port));
    fflush(stdout);
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fprintf(stderr, "usage: %s PORT POLICIES JWKS ISSUER AUDIENCE\n", argv[0]);
        return 2;
    }
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);

    open_engine(argv + 1);
    ending = eventfd(0, EFD_CLOEXEC);
    open_socket(argv[1]);
    pthread_t threads[THREADS];
    for (int at = 0; at < THREADS; at++)
        pthread_create(&threads[at], NULL, work, NULL);

    for (int signal = 0; sigwait(&signals, &signal) == 0 && signal == SIGHUP;) {
        bw_error *err = NULL;
        if (bw_engine_reload(engine, bw_cstr(argv[2]), NULL, &err))
            fputs(bw_error_report(err), stderr);
        bw_error_free(err);
    }
    (void)!write(ending, &(uint64_t){1}, sizeof(uint64_t));
    for (int at = 0; at < THREADS; at++)
        pthread_join(threads[at], NULL);
    close(listening);
    close(ending);
    bw_engine_free(engine);
    return EXIT_SUCCESS;
}
