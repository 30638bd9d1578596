%include "words/two.asm"

global _start

section .data
args: db "args: "
stdin: db "stdin: "
file: db "file: "
bar: db "|"
newline: db 10

section .bss
line: resb 64

section .text
print:                      ; rsi: text, rdx: length
    mov rax, 1
    mov rdi, 1
    syscall
    ret

print_text:                 ; rsi: text that ends with 0
    xor rdx, rdx
.next:
    cmp byte [rsi + rdx], 0
    je print
    inc rdx
    jmp .next

_start:
    mov r12, [rsp]          ; argc
    lea r13, [rsp + 16]     ; argv + 1
    mov rsi, args
    mov rdx, 6
    call print
.argument:
    dec r12
    jz .input
    mov rsi, [r13]
    call print_text
    add r13, 8
    cmp r12, 1
    je .argument
    mov rsi, bar
    mov rdx, 1
    call print
    jmp .argument
.input:
    mov rsi, newline
    mov rdx, 1
    call print
    mov rsi, stdin
    mov rdx, 7
    call print
    xor rax, rax
    xor rdi, rdi
    mov rsi, line
    mov rdx, 64
    syscall
    mov rdx, rax
    mov rsi, line
    call print
    mov rsi, file
    mov rdx, 6
    call print
    mov rsi, word_text
    mov rdx, word_length
    call print
    mov rax, 60
    mov rdi, 3
    syscall
