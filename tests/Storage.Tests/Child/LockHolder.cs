using Microsoft.Data.Sqlite;

namespace CodexOrleans.Storage.Tests.Child;

/// <summary>Holds the database until its standard input ends.</summary>
internal static class LockHolder
{
    public const string Held = "held";

    /// <summary>Others can read but not write.</summary>
    public const string Write = "write";

    /// <summary>Others can do nothing.</summary>
    public const string Exclusive = "exclusive";

    public static async Task<int> Run(string mode, string file)
    {
        await using var connection = new SqliteConnection($"Data Source={file};Pooling=false");
        connection.Open();
        if (mode == Exclusive)
            Execute("PRAGMA locking_mode = EXCLUSIVE");
        Execute("BEGIN IMMEDIATE");
        Console.WriteLine(Held);
        await Console.In.ReadToEndAsync();
        return 0;

        void Execute(string sql)
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            command.ExecuteNonQuery();
        }
    }

    /// <summary>Starts the process; the lock is held when the call returns, and released when the process is disposed.</summary>
    public static async Task<ChildProcess> Start(string mode, string file)
    {
        var child = ChildProcess.Start(nameof(LockHolder), mode, file);
        Assert.Equal(Held, await child.ReadLine());
        return child;
    }
}
