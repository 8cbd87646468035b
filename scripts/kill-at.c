// Kills its process right before the KILL_AT-th operation on a file below KILL_STORE, and writes each of them to KILL_LOG:
// for scripts/kill-sweep, which loads it before the C library (LD_PRELOAD).

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static const char *store;
static long at;
static int log_fd = -1;
static atomic_long count;

__attribute__((constructor)) static void begin(void) {
    const char *number = getenv("KILL_AT"), *log = getenv("KILL_LOG");
    at = number ? atol(number) : 0;
    log_fd = log ? open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    store = getenv("KILL_STORE");
}

static void met(const char *call, const char *path) {
    if (!store || strncmp(path, store, strlen(store)) != 0)
        return;
    long number = atomic_fetch_add(&count, 1) + 1;
    dprintf(log_fd, "%s %s\n", call, path + strlen(store));
    if (number == at) {
        kill(getpid(), SIGKILL);
        pause();
    }
}

// What a descriptor is of; empty if nobody knows.
static const char *of(int fd, char path[PATH_MAX]) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    path[length < 0 ? 0 : length] = 0;
    return path;
}

static void met_fd(const char *call, int fd) {
    char path[PATH_MAX];
    if (store)
        met(call, of(fd, path));
}

static void met_at(const char *call, int folder, const char *name) {
    char path[PATH_MAX], whole[2 * PATH_MAX];
    if (!store)
        return;
    if (name[0] == '/') {
        met(call, name);
    } else {
        snprintf(whole, sizeof whole, "%s/%s", of(folder, path), name);
        met(call, whole);
    }
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define MODE(flags)                                                                                                    \
    mode_t mode = 0;                                                                                                   \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                                                                             \
        va_list rest;                                                                                                  \
        va_start(rest, flags);                                                                                         \
        mode = va_arg(rest, mode_t);                                                                                   \
        va_end(rest);                                                                                                  \
    }

int open(const char *path, int flags, ...) {
    MODE(flags);
    met_at("open", AT_FDCWD, path);
    return REAL(open)(path, flags, mode);
}
int open64(const char *path, int flags, ...) {
    MODE(flags);
    met_at("open", AT_FDCWD, path);
    return REAL(open64)(path, flags, mode);
}
int openat(int folder, const char *path, int flags, ...) {
    MODE(flags);
    met_at("open", folder, path);
    return REAL(openat)(folder, path, flags, mode);
}
int openat64(int folder, const char *path, int flags, ...) {
    MODE(flags);
    met_at("open", folder, path);
    return REAL(openat64)(folder, path, flags, mode);
}
int mkdir(const char *path, mode_t mode) {
    met_at("mkdir", AT_FDCWD, path);
    return REAL(mkdir)(path, mode);
}
ssize_t read(int fd, void *bytes, size_t length) {
    met_fd("read", fd);
    return REAL(read)(fd, bytes, length);
}
ssize_t write(int fd, const void *bytes, size_t length) {
    met_fd("write", fd);
    return REAL(write)(fd, bytes, length);
}
off64_t lseek64(int fd, off64_t offset, int from) {
    met_fd("seek", fd);
    return REAL(lseek64)(fd, offset, from);
}
int fsync(int fd) {
    met_fd("fsync", fd);
    return REAL(fsync)(fd);
}
int flock(int fd, int what) {
    met_fd("flock", fd);
    return ((int (*)(int, int))dlsym(RTLD_NEXT, "flock"))(fd, what);
}
int rename(const char *from, const char *to) {
    met_at("rename", AT_FDCWD, from);
    return REAL(rename)(from, to);
}
int unlink(const char *path) {
    met_at("unlink", AT_FDCWD, path);
    return REAL(unlink)(path);
}
int unlinkat(int folder, const char *path, int flags) {
    met_at("unlink", folder, path);
    return REAL(unlinkat)(folder, path, flags);
}
int rmdir(const char *path) {
    met_at("rmdir", AT_FDCWD, path);
    return REAL(rmdir)(path);
}
