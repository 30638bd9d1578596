; Press Run, type your name in the console, and press Enter.
%macro call_system 4            ; number and three arguments
    mov rax, %1
    mov rdi, %2
    mov rsi, %3
    mov rdx, %4
    syscall
%endmacro

global _start

section .data
question: db "Hello from x86-64 assembly! What is your name? "
welcome: db "Welcome, "
welcome_end:

section .bss
name: resb 64

section .text
_start:
    call_system 1, 1, question, welcome - question      ; write
    call_system 0, 0, name, 64                          ; read
    mov rbx, rax
    mov r12, 3
again:
    call_system 1, 1, welcome, welcome_end - welcome
    call_system 1, 1, name, rbx
    dec r12
    jnz again
    call_system 60, 0, 0, 0                             ; exit
