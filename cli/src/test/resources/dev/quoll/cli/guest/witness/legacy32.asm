; What only 32-bit code has: BCD arithmetic, PUSHA, far calls, segment registers, 16-bit addresses, LOOP with a prefix, ENTER.
bits 32
global _start
section .bss
buffer: resb 4096
text: resb 17
section .text
%macro take 0           ; mixes EAX and the defined flags into EDI:ESI
    pushfd
    pop ebp
    and ebp, [mask]
    xor edi, eax
    xor edi, ebp
    imul edi, edi, 0x01000193
    rol edi, 11
    add esi, edi
    rol esi, 3
    cmp esi, ebp        ; flags that are defined, for what leaves them alone
%endmacro
next:
    mov eax, [seed]
    imul eax, eax, 1103515245
    add eax, 12345
    mov [seed], eax
    ror eax, 9
    ret
far_routine:
    inc eax
    retf
_start:
    mov edi, 0x811c9dc5
    mov esi, edi
    mov ebx, 5000
.loop:
    call next
    mov ecx, eax
    call next
    mov edx, eax
    mov dword [mask], 0x0d5     ; SF ZF AF PF CF
    mov eax, ecx
    add al, dl
    daa
    take
    mov eax, ecx
    sub al, dl
    das
    take
    mov dword [mask], 0x011     ; AF CF
    mov eax, ecx
    add al, dl
    aaa
    take
    mov eax, ecx
    sub al, dl
    aas
    take
    mov dword [mask], 0x0c4     ; SF ZF PF
    mov eax, ecx
    aam
    take
    mov eax, edx
    aam 7
    take
    mov eax, ecx
    aad
    take
    mov eax, edx
    aad 0x1d
    take
    mov dword [mask], 0
    bt ecx, 3
    db 0xd6                     ; SALC
    take
    pushad
    mov eax, [esp + 20]
    popad
    take
    mov eax, edx
    push cs
    call far_routine
    take
    push ds
    push es
    pop ds
    pop es
    mov ax, ds
    take
    mov eax, ecx
    mov ebp, esp
    enter 24, 3
    mov [ebp - 4], eax
    mov eax, [ebp - 4]
    leave
    take
    mov dword [mask], 0x8d5
    mov eax, ecx
    inc eax
    take
    mov eax, ecx
    push eax
    push word 7
    pop ax
    pop edx
    take
    mov eax, edx
    cmp al, 0x7f
    setg ah
    seto al
    take
    mov eax, ecx
    mov cx, 5
.short:
    add eax, 3
    a16 loop .short
    take
    mov dword [mask], 0x040     ; ZF
    mov eax, ecx
    mov dx, ax
    and dl, 0xfc
    arpl dx, cx
    movzx eax, dx
    take
    mov edx, ds
    lsl eax, edx
    take
    lar eax, edx
    take
    dec ebx
    jnz .loop
    mov ebx, edi
    mov edx, esi
    mov ecx, 16
    mov edi, text
.digit:
    mov eax, ebx
    shr eax, 28
    shld ebx, edx, 4
    shl edx, 4
    add al, '0'
    cmp al, '9'
    jbe .store
    add al, 'a' - '9' - 1
.store:
    stosb
    loop .digit
    mov byte [edi], 10
    mov eax, 4
    mov ebx, 1
    mov ecx, text
    mov edx, 17
    int 0x80
    mov eax, 1
    xor ebx, ebx
    int 0x80
section .data
seed: dd 20261123
mask: dd 0
