; Flags and results of integer instructions in 64-bit code, hashed; bit and string instructions; written to standard output.
bits 64
global _start
section .bss
buffer: resb 4096
text: resb 17
section .text
%macro take 0           ; mixes RAX and the defined flags into R15
    pushfq
    pop rbp
    and ebp, r13d
    xor r15, rax
    xor r15, rbp
    mov rbp, 0x100000001b3
    imul r15, rbp
    rol r15, 23
    cmp r15, rbp        ; flags that are defined, for what leaves them alone
%endmacro
%macro binary 1
    mov rax, r8
    bt r10, 0           ; a carry for those that use it
    %1 rax, r9
    take
    mov eax, r8d
    bt r10, 1
    %1 eax, r9d
    take
    mov ax, r8w
    bt r10, 2
    %1 ax, r9w
    take
    mov rax, r8
    bt r10, 3
    %1 al, r9b
    take
    mov rax, r8
    mov edx, r9d
    bt r10, 4
    %1 ah, dl
    take
%endmacro
%macro shift 1
    mov rcx, r9
    mov rax, r8
    bt r10, 5
    %1 rax, cl
    take
    mov rcx, r9
    mov eax, r8d
    bt r10, 6
    %1 eax, cl
    take
    mov rcx, r9
    mov ax, r8w
    bt r10, 7
    %1 ax, cl
    take
    mov rcx, r9
    mov rax, r8
    bt r10, 8
    %1 al, cl
    take
    mov rax, r8
    bt r10, 9
    %1 rax, 1
    take
%endmacro
next:
    mov rax, r14
    shl rax, 13
    xor r14, rax
    mov rax, r14
    shr rax, 7
    xor r14, rax
    mov rax, r14
    shl rax, 17
    xor r14, rax
    mov rax, r14
    ret
_start:
    mov r14, 88172645463325252
    mov r15, 14695981039346656037
    mov ebx, 3000
.loop:
    call next
    mov r8, rax
    call next
    mov r9, rax
    call next
    mov r10, rax
    test bl, 3
    jnz .wide
    movsx r8, r8b       ; small values meet borders more often
    movsx r9, r9w
.wide:
    mov r13d, 0x8d5     ; OF SF ZF AF PF CF
    binary add
    binary sub
    binary adc
    binary sbb
    binary cmp
    mov r13d, 0x8c5     ; AF is undefined
    binary and
    binary or
    binary xor
    binary test
    mov r13d, 0x001     ; of shifts by more than one only CF (within the width), of rotates CF
    and r9d, 7
    shift rol
    shift ror
    shift rcl
    shift rcr
    mov r13d, 0x0c5
    mov rcx, r9
    inc ecx
    mov rax, r8
    shl rax, cl
    take
    mov rax, r8
    shr eax, cl
    take
    mov rax, r8
    sar ax, cl
    take
    mov rax, r8
    shld rax, r10, cl
    take
    mov rax, r8
    shrd eax, r10d, cl
    take
    mov r13d, 0x801
    mov rax, r8
    imul rax, r10
    take
    mov rax, r8
    mul r10
    take
    mov rax, rdx
    take
    mov rax, r8
    imul r10b
    take
    mov r13d, 0x8d4
    mov rax, r8
    inc rax
    take
    mov rax, r8
    dec al
    take
    mov r13d, 0x8d5
    mov rax, r8
    neg eax
    take
    mov r13d, 0x040
    bsf rax, r8
    take
    mov eax, 1
    bsr rax, r10
    take
    mov r13d, 0x001
    mov rax, r8
    bts rax, r9
    take
    btc eax, r10d
    take
    mov r13d, 0x8d5
    mov rax, r8
    mov rdx, r10
    xadd rax, rdx
    take
    mov rax, rdx
    take
    mov rdx, r8
    cmpxchg rdx, r10
    take
    popcnt rax, r10
    take
    mov r13d, 0
    mov rax, r8
    bswap rax
    take
    cbw
    take
    cqo
    mov rax, rdx
    take
    mov rax, r8
    xor edx, edx
    mov rcx, r10
    or rcx, 1
    div rcx
    take
    mov rax, rdx
    take
    movsx eax, r8b
    movsx ecx, r10w
    or ecx, 2
    cdq
    idiv ecx
    take
    ; Strings, both directions.
    mov rdi, buffer
    mov rax, r8
    mov ecx, 37
    rep stosb
    mov rsi, buffer + 3
    mov rdi, buffer + 1
    mov ecx, 9
    rep movsd
    std
    mov rsi, buffer + 64
    mov rdi, buffer + 67
    mov ecx, 20
    rep movsb
    cld
    mov r13d, 0x8d5
    mov rsi, buffer
    mov rdi, buffer + 8
    mov ecx, 30
    repe cmpsb
    mov rax, rcx
    take
    mov rdi, buffer
    mov ecx, 40
    mov rax, r10
    repne scasb
    mov rax, rcx
    take
    mov rsi, buffer + 5
    lodsq
    take
    dec ebx
    jnz .loop
    ; The hash in hex.
    mov ecx, 16
    mov rdi, text
.digit:
    rol r15, 4
    mov eax, r15d
    and eax, 15
    add al, '0'
    cmp al, '9'
    jbe .store
    add al, 'a' - '9' - 1
.store:
    stosb
    loop .digit
    mov byte [rdi], 10
    mov eax, 1
    mov edi, 1
    mov rsi, text
    mov edx, 17
    syscall
    mov eax, 60
    xor edi, edi
    syscall
