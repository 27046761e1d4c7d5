package dev.quoll.emulator.isa;

/// The one-byte opcode map without x87 (SDM vol. 2, table A-2; APM vol. 3, table A-1).
///
/// The notation is explained at [RowParser].
final class OneByteTable {
    /// Attributes of every row of this table.
    static final String FAMILY = "";

    static final String ROWS = """
            # Arithmetic and logic
            00        | ADD Eb,Gb  | rw lock arith
            01        | ADD Ev,Gv  | rw lock arith
            02        | ADD Gb,Eb  | rw arith
            03        | ADD Gv,Ev  | rw arith
            04        | ADD AL,Ib  | rw arith
            05        | ADD rAX,Iz | rw arith
            08        | OR Eb,Gb   | rw lock logic
            09        | OR Ev,Gv   | rw lock logic
            0A        | OR Gb,Eb   | rw logic
            0B        | OR Gv,Ev   | rw logic
            0C        | OR AL,Ib   | rw logic
            0D        | OR rAX,Iz  | rw logic
            10        | ADC Eb,Gb  | rw lock arith rf=C
            11        | ADC Ev,Gv  | rw lock arith rf=C
            12        | ADC Gb,Eb  | rw arith rf=C
            13        | ADC Gv,Ev  | rw arith rf=C
            14        | ADC AL,Ib  | rw arith rf=C
            15        | ADC rAX,Iz | rw arith rf=C
            18        | SBB Eb,Gb  | rw lock arith rf=C
            19        | SBB Ev,Gv  | rw lock arith rf=C
            1A        | SBB Gb,Eb  | rw arith rf=C
            1B        | SBB Gv,Ev  | rw arith rf=C
            1C        | SBB AL,Ib  | rw arith rf=C
            1D        | SBB rAX,Iz | rw arith rf=C
            20        | AND Eb,Gb  | rw lock logic
            21        | AND Ev,Gv  | rw lock logic
            22        | AND Gb,Eb  | rw logic
            23        | AND Gv,Ev  | rw logic
            24        | AND AL,Ib  | rw logic
            25        | AND rAX,Iz | rw logic
            28        | SUB Eb,Gb  | rw lock arith
            29        | SUB Ev,Gv  | rw lock arith
            2A        | SUB Gb,Eb  | rw arith
            2B        | SUB Gv,Ev  | rw arith
            2C        | SUB AL,Ib  | rw arith
            2D        | SUB rAX,Iz | rw arith
            30        | XOR Eb,Gb  | rw lock logic
            31        | XOR Ev,Gv  | rw lock logic
            32        | XOR Gb,Eb  | rw logic
            33        | XOR Gv,Ev  | rw logic
            34        | XOR AL,Ib  | rw logic
            35        | XOR rAX,Iz | rw logic
            38        | CMP Eb,Gb  | r arith
            39        | CMP Ev,Gv  | r arith
            3A        | CMP Gb,Eb  | r arith
            3B        | CMP Gv,Ev  | r arith
            3C        | CMP AL,Ib  | r arith
            3D        | CMP rAX,Iz | r arith
            80 /0     | ADD Eb,Ib  | rw lock arith
            80 /1     | OR Eb,Ib   | rw lock logic
            80 /2     | ADC Eb,Ib  | rw lock arith rf=C
            80 /3     | SBB Eb,Ib  | rw lock arith rf=C
            80 /4     | AND Eb,Ib  | rw lock logic
            80 /5     | SUB Eb,Ib  | rw lock arith
            80 /6     | XOR Eb,Ib  | rw lock logic
            80 /7     | CMP Eb,Ib  | r arith
            81 /0     | ADD Ev,Iz  | rw lock arith
            81 /1     | OR Ev,Iz   | rw lock logic
            81 /2     | ADC Ev,Iz  | rw lock arith rf=C
            81 /3     | SBB Ev,Iz  | rw lock arith rf=C
            81 /4     | AND Ev,Iz  | rw lock logic
            81 /5     | SUB Ev,Iz  | rw lock arith
            81 /6     | XOR Ev,Iz  | rw lock logic
            81 /7     | CMP Ev,Iz  | r arith
            82 /0 m32 | ADD Eb,Ib  | rw lock arith
            82 /1 m32 | OR Eb,Ib   | rw lock logic
            82 /2 m32 | ADC Eb,Ib  | rw lock arith rf=C
            82 /3 m32 | SBB Eb,Ib  | rw lock arith rf=C
            82 /4 m32 | AND Eb,Ib  | rw lock logic
            82 /5 m32 | SUB Eb,Ib  | rw lock arith
            82 /6 m32 | XOR Eb,Ib  | rw lock logic
            82 /7 m32 | CMP Eb,Ib  | r arith
            83 /0     | ADD Ev,sIb | rw lock arith
            83 /1     | OR Ev,sIb  | rw lock logic
            83 /2     | ADC Ev,sIb | rw lock arith rf=C
            83 /3     | SBB Ev,sIb | rw lock arith rf=C
            83 /4     | AND Ev,sIb | rw lock logic
            83 /5     | SUB Ev,sIb | rw lock arith
            83 /6     | XOR Ev,sIb | rw lock logic
            83 /7     | CMP Ev,sIb | r arith
            40 m32 | INC Zv         | rw incdec
            41 m32 | INC Zv         | rw incdec
            42 m32 | INC Zv         | rw incdec
            43 m32 | INC Zv         | rw incdec
            44 m32 | INC Zv         | rw incdec
            45 m32 | INC Zv         | rw incdec
            46 m32 | INC Zv         | rw incdec
            47 m32 | INC Zv         | rw incdec
            48 m32 | DEC Zv         | rw incdec
            49 m32 | DEC Zv         | rw incdec
            4A m32 | DEC Zv         | rw incdec
            4B m32 | DEC Zv         | rw incdec
            4C m32 | DEC Zv         | rw incdec
            4D m32 | DEC Zv         | rw incdec
            4E m32 | DEC Zv         | rw incdec
            4F m32 | DEC Zv         | rw incdec
            FE /0  | INC Eb         | rw lock incdec
            FE /1  | DEC Eb         | rw lock incdec
            FF /0  | INC Ev         | rw lock incdec
            FF /1  | DEC Ev         | rw lock incdec
            F6 /0  | TEST Eb,Ib     | r logic
            F6 /1  | TEST Eb,Ib     | r logic
            F6 /2  | NOT Eb         | rw lock
            F6 /3  | NEG Eb         | rw lock arith
            F6 /4  | MUL Eb         | r wf=OC uf=SZAP ir=A iw=A
            F6 /5  | IMUL Eb        | r wf=OC uf=SZAP ir=A iw=A
            F6 /6  | DIV Eb         | r uf=OSZAPC ir=A iw=A
            F6 /7  | IDIV Eb        | r uf=OSZAPC ir=A iw=A
            F7 /0  | TEST Ev,Iz     | r logic
            F7 /1  | TEST Ev,Iz     | r logic
            F7 /2  | NOT Ev         | rw lock
            F7 /3  | NEG Ev         | rw lock arith
            F7 /4  | MUL Ev         | r wf=OC uf=SZAP ir=A iw=AD
            F7 /5  | IMUL Ev        | r wf=OC uf=SZAP ir=A iw=AD
            F7 /6  | DIV Ev         | r uf=OSZAPC ir=AD iw=AD
            F7 /7  | IDIV Ev        | r uf=OSZAPC ir=AD iw=AD
            69     | IMUL Gv,Ev,Iz  | wf=OC uf=SZAP
            6B     | IMUL Gv,Ev,sIb | wf=OC uf=SZAP
            84     | TEST Eb,Gb     | r logic
            85     | TEST Ev,Gv     | r logic
            A8     | TEST AL,Ib     | r logic
            A9     | TEST rAX,Iz    | r logic
            98 o16 | CBW            | ir=A iw=A
            98 o32 | CWDE           | ir=A iw=A
            98 o64 | CDQE           | ir=A iw=A
            99 o16 | CWD            | ir=A iw=D
            99 o32 | CDQ            | ir=A iw=D
            99 o64 | CQO            | ir=A iw=D
            27 m32 | DAA            | rf=AC wf=SZAPC uf=O ir=A iw=A
            2F m32 | DAS            | rf=AC wf=SZAPC uf=O ir=A iw=A
            37 m32 | AAA            | rf=A wf=AC uf=OSZP ir=A iw=A
            3F m32 | AAS            | rf=A wf=AC uf=OSZP ir=A iw=A
            D4 m32 | AAM Ib         | r wf=SZP uf=OAC ir=A iw=A
            D5 m32 | AAD Ib         | r wf=SZP uf=OAC ir=A iw=A
            D6 m32 | SALC           | rf=C iw=A
            # Shifts and rotates; /6 is an alias of SHL (APM vol. 3, appendix A, group 2)
            C0 /0 | ROL Eb,Ib | rw wf=C uf=O keepf
            C0 /1 | ROR Eb,Ib | rw wf=C uf=O keepf
            C0 /2 | RCL Eb,Ib | rw rf=C wf=C uf=O keepf
            C0 /3 | RCR Eb,Ib | rw rf=C wf=C uf=O keepf
            C0 /4 | SHL Eb,Ib | rw wf=SZPC uf=OA keepf
            C0 /5 | SHR Eb,Ib | rw wf=SZPC uf=OA keepf
            C0 /6 | SHL Eb,Ib | rw wf=SZPC uf=OA keepf
            C0 /7 | SAR Eb,Ib | rw wf=SZPC uf=OA keepf
            C1 /0 | ROL Ev,Ib | rw wf=C uf=O keepf
            C1 /1 | ROR Ev,Ib | rw wf=C uf=O keepf
            C1 /2 | RCL Ev,Ib | rw rf=C wf=C uf=O keepf
            C1 /3 | RCR Ev,Ib | rw rf=C wf=C uf=O keepf
            C1 /4 | SHL Ev,Ib | rw wf=SZPC uf=OA keepf
            C1 /5 | SHR Ev,Ib | rw wf=SZPC uf=OA keepf
            C1 /6 | SHL Ev,Ib | rw wf=SZPC uf=OA keepf
            C1 /7 | SAR Ev,Ib | rw wf=SZPC uf=OA keepf
            D0 /0 | ROL Eb,1  | rw wf=OC
            D0 /1 | ROR Eb,1  | rw wf=OC
            D0 /2 | RCL Eb,1  | rw rf=C wf=OC
            D0 /3 | RCR Eb,1  | rw rf=C wf=OC
            D0 /4 | SHL Eb,1  | rw wf=OSZPC uf=A
            D0 /5 | SHR Eb,1  | rw wf=OSZPC uf=A
            D0 /6 | SHL Eb,1  | rw wf=OSZPC uf=A
            D0 /7 | SAR Eb,1  | rw wf=OSZPC uf=A
            D1 /0 | ROL Ev,1  | rw wf=OC
            D1 /1 | ROR Ev,1  | rw wf=OC
            D1 /2 | RCL Ev,1  | rw rf=C wf=OC
            D1 /3 | RCR Ev,1  | rw rf=C wf=OC
            D1 /4 | SHL Ev,1  | rw wf=OSZPC uf=A
            D1 /5 | SHR Ev,1  | rw wf=OSZPC uf=A
            D1 /6 | SHL Ev,1  | rw wf=OSZPC uf=A
            D1 /7 | SAR Ev,1  | rw wf=OSZPC uf=A
            D2 /0 | ROL Eb,CL | rw wf=C uf=O keepf
            D2 /1 | ROR Eb,CL | rw wf=C uf=O keepf
            D2 /2 | RCL Eb,CL | rw rf=C wf=C uf=O keepf
            D2 /3 | RCR Eb,CL | rw rf=C wf=C uf=O keepf
            D2 /4 | SHL Eb,CL | rw wf=SZPC uf=OA keepf
            D2 /5 | SHR Eb,CL | rw wf=SZPC uf=OA keepf
            D2 /6 | SHL Eb,CL | rw wf=SZPC uf=OA keepf
            D2 /7 | SAR Eb,CL | rw wf=SZPC uf=OA keepf
            D3 /0 | ROL Ev,CL | rw wf=C uf=O keepf
            D3 /1 | ROR Ev,CL | rw wf=C uf=O keepf
            D3 /2 | RCL Ev,CL | rw rf=C wf=C uf=O keepf
            D3 /3 | RCR Ev,CL | rw rf=C wf=C uf=O keepf
            D3 /4 | SHL Ev,CL | rw wf=SZPC uf=OA keepf
            D3 /5 | SHR Ev,CL | rw wf=SZPC uf=OA keepf
            D3 /6 | SHL Ev,CL | rw wf=SZPC uf=OA keepf
            D3 /7 | SAR Ev,CL | rw wf=SZPC uf=OA keepf
            # Stack
            50     | PUSH Zv     | r d64 stack
            51     | PUSH Zv     | r d64 stack
            52     | PUSH Zv     | r d64 stack
            53     | PUSH Zv     | r d64 stack
            54     | PUSH Zv     | r d64 stack
            55     | PUSH Zv     | r d64 stack
            56     | PUSH Zv     | r d64 stack
            57     | PUSH Zv     | r d64 stack
            58     | POP Zv      | d64 stack
            59     | POP Zv      | d64 stack
            5A     | POP Zv      | d64 stack
            5B     | POP Zv      | d64 stack
            5C     | POP Zv      | d64 stack
            5D     | POP Zv      | d64 stack
            5E     | POP Zv      | d64 stack
            5F     | POP Zv      | d64 stack
            06 m32 | PUSH ES     | r stack
            0E m32 | PUSH CS     | r stack
            16 m32 | PUSH SS     | r stack
            1E m32 | PUSH DS     | r stack
            07 m32 | POP ES      | stack sys
            17 m32 | POP SS      | stack sys shadow
            1F m32 | POP DS      | stack sys
            60 m32 | PUSHA       | ir=ACDBSPIJ stack
            61 m32 | POPA        | iw=ACDBPIJ stack
            68     | PUSH Iz     | r d64 stack
            6A     | PUSH sIb    | r d64 stack
            8F /0  | POP Ev      | d64 stack
            FF /6  | PUSH Ev     | r d64 stack
            9C     | PUSHF       | rf=* d64 stack
            9D     | POPF        | wf=* d64 stack sys
            C8     | ENTER Iw,Ib | r d64 stack ir=P iw=P
            C9     | LEAVE       | d64 stack ir=P iw=P
            9E m32 | SAHF        | wf=SZAPC ir=A
            9E m64 | SAHF        | LAHF64 wf=SZAPC ir=A
            9F m32 | LAHF        | rf=SZAPC ir=A iw=A
            9F m64 | LAHF        | LAHF64 rf=SZAPC ir=A iw=A
            # Moves
            86        | XCHG Eb,Gb   | rwrw lock
            87        | XCHG Ev,Gv   | rwrw lock
            88        | MOV Eb,Gb    |
            89        | MOV Ev,Gv    |
            8A        | MOV Gb,Eb    |
            8B        | MOV Gv,Ev    |
            8C        | MOV Rv/Mw,Sw |
            8E        | MOV Sw,Ew    | sys shadow
            8D        | LEA Gv,M     | addr
            A0        | MOV AL,Ob    |
            A1        | MOV rAX,Ov   |
            A2        | MOV Ob,AL    |
            A3        | MOV Ov,rAX   |
            C6 /0     | MOV Eb,Ib    |
            C7 /0     | MOV Ev,Iz    |
            B0        | MOV Zb,Ib    |
            B1        | MOV Zb,Ib    |
            B2        | MOV Zb,Ib    |
            B3        | MOV Zb,Ib    |
            B4        | MOV Zb,Ib    |
            B5        | MOV Zb,Ib    |
            B6        | MOV Zb,Ib    |
            B7        | MOV Zb,Ib    |
            B8        | MOV Zv,Iv    |
            B9        | MOV Zv,Iv    |
            BA        | MOV Zv,Iv    |
            BB        | MOV Zv,Iv    |
            BC        | MOV Zv,Iv    |
            BD        | MOV Zv,Iv    |
            BE        | MOV Zv,Iv    |
            BF        | MOV Zv,Iv    |
            F3 90 noB | PAUSE        |
            90 noB    | NOP          |
            90        | XCHG Zv,rAX  | rwrw
            91        | XCHG Zv,rAX  | rwrw
            92        | XCHG Zv,rAX  | rwrw
            93        | XCHG Zv,rAX  | rwrw
            94        | XCHG Zv,rAX  | rwrw
            95        | XCHG Zv,rAX  | rwrw
            96        | XCHG Zv,rAX  | rwrw
            97        | XCHG Zv,rAX  | rwrw
            63 m32    | ARPL Ew,Gw   | rw wf=Z pm
            63 m64    | MOVSXD Gv,Ez |
            62 m32    | BOUND Gv,Ma  | r
            C4 m32    | LES Gv,Mp    | sys
            C5 m32    | LDS Gv,Mp    | sys
            D7        | XLAT BXb     | r ir=A iw=A
            # Strings and ports
            A4 | MOVS Yb,Xb  | rep ir=IJ iw=IJ rf=D
            A5 | MOVS Yv,Xv  | rep ir=IJ iw=IJ rf=D
            A6 | CMPS Xb,Yb  | r repcc arith keepf ir=IJ iw=IJ rf=D
            A7 | CMPS Xv,Yv  | r repcc arith keepf ir=IJ iw=IJ rf=D
            AA | STOS Yb,AL  | rep ir=J iw=J rf=D
            AB | STOS Yv,rAX | rep ir=J iw=J rf=D
            AC | LODS AL,Xb  | rep ir=I iw=I rf=D
            AD | LODS rAX,Xv | rep ir=I iw=I rf=D
            AE | SCAS AL,Yb  | r repcc arith keepf ir=J iw=J rf=D
            AF | SCAS rAX,Yv | r repcc arith keepf ir=J iw=J rf=D
            6C | INS Yb,DX   | rep io rf=D ir=J iw=J
            6D | INS Yz,DX   | rep io rf=D ir=J iw=J
            6E | OUTS DX,Xb  | r rep io rf=D ir=I iw=I
            6F | OUTS DX,Xz  | r rep io rf=D ir=I iw=I
            E4 | IN AL,Ib    | io
            E5 | IN eAX,Ib   | io
            E6 | OUT Ib,AL   | r io
            E7 | OUT Ib,eAX  | r io
            EC | IN AL,DX    | io
            ED | IN eAX,DX   | io
            EE | OUT DX,AL   | r io
            EF | OUT DX,eAX  | r io
            # Transfers of control. A 66 prefix makes near branches 16-bit in 64-bit code, as on AMD (APM vol. 3, 1.2.2)
            70     | JCC Jb    | cond d64 rf=O
            71     | JCC Jb    | cond d64 rf=O
            72     | JCC Jb    | cond d64 rf=C
            73     | JCC Jb    | cond d64 rf=C
            74     | JCC Jb    | cond d64 rf=Z
            75     | JCC Jb    | cond d64 rf=Z
            76     | JCC Jb    | cond d64 rf=CZ
            77     | JCC Jb    | cond d64 rf=CZ
            78     | JCC Jb    | cond d64 rf=S
            79     | JCC Jb    | cond d64 rf=S
            7A     | JCC Jb    | cond d64 rf=P
            7B     | JCC Jb    | cond d64 rf=P
            7C     | JCC Jb    | cond d64 rf=SO
            7D     | JCC Jb    | cond d64 rf=SO
            7E     | JCC Jb    | cond d64 rf=ZSO
            7F     | JCC Jb    | cond d64 rf=ZSO
            E0     | LOOPNE Jb | cond d64 rf=Z ir=C iw=C
            E1     | LOOPE Jb  | cond d64 rf=Z ir=C iw=C
            E2     | LOOP Jb   | cond d64 ir=C iw=C
            E3     | JCXZ Jb   | cond d64 ir=C
            E8     | CALL Jz   | r call d64 stack
            E9     | JMP Jz    | r jump d64
            EB     | JMP Jb    | r jump d64
            FF /2  | CALL Ev   | r call d64 stack
            FF /4  | JMP Ev    | r jump d64
            C2     | RET Iw    | r ret d64 stack
            C3     | RET       | ret d64 stack
            9A m32 | CALL Ap   | r far stack
            EA m32 | JMP Ap    | r far
            FF /3  | CALL Mp   | r far max32 stack
            FF /5  | JMP Mp    | r far max32
            CA     | RETF Iw   | r far stack
            CB     | RETF      | far stack
            CC     | INT3      | far
            CD     | INT Ib    | r far
            CE m32 | INTO      | far rf=O
            CF     | IRET      | far wf=* stack
            F1     | INT1      | far
            # Flags
            F4 | HLT | far cpl0
            F5 | CMC | rf=C wf=C
            F8 | CLC | wf=C
            F9 | STC | wf=C
            FA | CLI | wf=I rf=L
            FB | STI | wf=I rf=L shadow
            FC | CLD | wf=D
            FD | STD | wf=D
            """;

    private OneByteTable() {
    }
}
