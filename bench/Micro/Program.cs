using BenchmarkDotNet.Running;
using CodexOrleans.Micro;

BenchmarkSwitcher.FromAssembly(typeof(ShortRun).Assembly).Run(args, new ShortRun());
