/* Loaded into user-mode Linux by lab/vm.py.
 *
 * A disk of the machine dies when a file of its name with ".dead" behind it appears: every read and write of it then
 * fails, as on a drive whose electronics gave up. And on processors with AMX, whose register state is larger than
 * the kernel's own buffer, storing registers is tried again with as many bytes as the processor says it has.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int dead(int fd)
{
	char link[32], path[256]; /* the caller may stand on one of the kernel's small stacks */
	ssize_t length;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof path - 8);
	if (length <= 5 || memcmp(path + length - 5, ".disk", 5))
		return 0;
	strcpy(path + length, ".dead");
	if (access(path, F_OK))
		return 0;
	errno = EIO;
	return 1;
}

ssize_t pread64(int fd, void *buffer, size_t size, off64_t at)
{
	static __typeof__(&pread64) real;

	if (!real)
		real = REAL(pread64);
	return dead(fd) ? -1 : real(fd, buffer, size, at);
}

ssize_t pwrite64(int fd, const void *buffer, size_t size, off64_t at)
{
	static __typeof__(&pwrite64) real;

	if (!real)
		real = REAL(pwrite64);
	return dead(fd) ? -1 : real(fd, buffer, size, at);
}

long ptrace(enum __ptrace_request request, ...)
{
	static long (*real)(enum __ptrace_request, int, void *, void *);
	unsigned int a, size = 0, c, d;
	struct iovec *given, whole;
	void *address, *data;
	va_list rest;
	long result;
	int process;

	va_start(rest, request);
	process = va_arg(rest, int);
	address = va_arg(rest, void *);
	data = va_arg(rest, void *);
	va_end(rest);
	if (!real)
		real = dlsym(RTLD_NEXT, "ptrace");
	result = real(request, process, address, data);
	if (result >= 0 || request != PTRACE_SETREGSET || (long)address != NT_X86_XSTATE)
		return result;
	given = data;
	if (!__get_cpuid_count(0xd, 0, &a, &size, &c, &d) || size <= given->iov_len)
		return result;
	whole.iov_len = size;
	whole.iov_base = calloc(1, size);
	if (!whole.iov_base)
		return result;
	memcpy(whole.iov_base, given->iov_base, given->iov_len);
	result = real(request, process, address, &whole);
	free(whole.iov_base);
	return result;
}
