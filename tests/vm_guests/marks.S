# SPDX-License-Identifier: GPL-2.0-only
# A kernel of its own (multiboot): says which case it is in, as a suite's init does on the console,
# and runs one function in each: `first`, `second`, and `first` again twice in the second.
	.code32
	.section .text
	.long 0x1badb002, 0, -0x1badb002
	.globl _start
_start:
	mov $stack, %esp
	call first		# before any case
	mov $one, %esi
	call say
	call second
	mov $two, %esi
	call say
	call first
	call first
	mov $end, %esi
	call say
	mov $0xe9, %dx
	mov $done, %esi
	call put
	mov $0x10, %al
	mov $0xf4, %dx
	out %al, %dx
1:	hlt
	jmp 1b
say:	mov $0x3f8, %dx
put:	lodsb
	test %al, %al
	jz 1f
	out %al, %dx
	jmp put
1:	ret
	.globl first, second, third
first:	inc %ebx
	ret
second:	dec %ebx
	ret
third:	ret			# nobody calls it
	.section .data
one:	.asciz "[    0.100000] zpmaint: case read.zero\r\n"
two:	.asciz "zpmaint: case cow\n"
end:	.asciz "zpmaint: end of the cases\n"
done:	.asciz "# done\n"
	.bss
	.skip 256
stack:
