// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "area.h"
#include "memory.h"
#include "probe.h"
#include "suite.h"
#include "tell.h"

/* In the order they are looked for: what the full profile's machine has, then the RAM disk that
 * every profile has. */
static const char *const devices[] = {"zram0", "vda", "ram0"};

#define SET_BLOCK_SIZE _IOW(0x12, 113, size_t)

enum { MOST = 20 << 20 }; /* bytes: no case swaps more */

/* The size of a device in bytes, and its node at SWAP_AREA; 0 where there is no such device. */
static long long open_area(const char *device)
{
	char path[64], text[64], *minor;
	long long size;

	snprintf(path, sizeof path, "/sys/block/%s/disksize", device);
	if (!access(path, W_OK) && get(path, text, sizeof text) > 0 && !atoll(text)) {
		snprintf(text, sizeof text, "%d", MOST);
		put(path, text);
	}
	snprintf(path, sizeof path, "/sys/block/%s/size", device);
	if (get(path, text, sizeof text) <= 0)
		return 0;
	size = atoll(text) * 512;
	snprintf(path, sizeof path, "/sys/block/%s/dev", device);
	if (size < MOST / 2 || get(path, text, sizeof text) <= 0 || !(minor = strchr(text, ':')))
		return 0;
	unlink(SWAP_AREA);
	if (mknod(SWAP_AREA, S_IFBLK | 0600, makedev(atoi(text), atoi(minor + 1))))
		return 0;
	return size < MOST ? size : MOST;
}

/* What mkswap writes: version 1 and the last page, the magic at the end of the first page. */
static int write_header(long long size)
{
	static char header[PAGE];
	uint32_t version = 1, last = size / PAGE - 1;
	int file = open(SWAP_AREA, O_WRONLY), block = PAGE, whole;

	if (file < 0)
		return -1;
	/* The RAM disk of 2.6 up to 2.6.24 loses all it holds when swapon changes its block size. */
	ioctl(file, SET_BLOCK_SIZE, &block);
	memset(header, 0, sizeof header);
	memcpy(header + 1024, &version, sizeof version);
	memcpy(header + 1028, &last, sizeof last);
	memcpy(header + PAGE - 10, "SWAPSPACE2", 10);
	whole = write(file, header, sizeof header) == sizeof header;
	fsync(file); /* 2.6.33 to 2.6.36 say EIO: the RAM disk knows no flush, and needs none */
	close(file);
	return whole ? 0 : -1;
}

void swap_on(long *pages)
{
	long long size = 0;

	if (!choice.as_init)
		skip("only init changes the kernel's settings");
	for (unsigned i = 0; !size && i < sizeof devices / sizeof *devices; i++)
		size = open_area(devices[i]);
	if (!size)
		skip("no block device for a swap area (CONFIG_BLK_DEV_RAM, CONFIG_ZRAM)");
	if (write_header(size))
		broken("no-area", "writing the header of a swap area: %s", strerror(errno));
	if (swapon(SWAP_AREA, 0)) {
		if (errno == ENOSYS)
			skip("no swapon (CONFIG_SWAP)");
		broken("no-swap", "swapon: %s", strerror(errno));
	}
	if (pages)
		*pages = size / PAGE - 1;
}

void swap_off(void)
{
	if (!access(SWAP_AREA, F_OK)) {
		swapoff(SWAP_AREA);
		unlink(SWAP_AREA);
	}
}
