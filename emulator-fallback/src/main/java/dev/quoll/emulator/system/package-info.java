/**
 * The system side of the CPU: segments and descriptors, interrupt delivery, far transfers, tasks, system calls, control
 * and model-specific registers, ports. Written against {@link dev.quoll.emulator.core.Cpu}; what lies outside the core
 * is reached through {@link dev.quoll.emulator.core.CpuPlatform}.
 */
package dev.quoll.emulator.system;
