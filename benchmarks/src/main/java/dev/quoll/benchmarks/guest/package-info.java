/**
 * One guest program of many kernels, run by the host and by every engine: how fast each kind of guest code is. The program's
 * sources are resources of this package.
 */
package dev.quoll.benchmarks.guest;
