using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using Npgsql;

namespace CodexOrleans.Storage;

/// <summary>Checks the whole section at start, so that all its problems are in one message.</summary>
internal sealed class StorageOptionsValidator : IValidateOptions<StorageOptions>
{
    private static readonly TimeSpan _maxRetryFor = TimeSpan.FromMinutes(10);

    public ValidateOptionsResult Validate(string? name, StorageOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        if (!Enum.IsDefined(options.Provider))
            result.AddError($"Storage:Provider is '{options.Provider}'; it must be one of: " +
                $"{string.Join(", ", Enum.GetNames<StorageProvider>())}.");
        if (!Enum.IsDefined(options.Synchronous))
            result.AddError($"Storage:Synchronous is '{options.Synchronous}'; it must be one of: " +
                $"{string.Join(", ", Enum.GetNames<SqliteSynchronous>())}.");
        if (options.RetryFor < TimeSpan.Zero || options.RetryFor > _maxRetryFor)
            result.AddError($"Storage:RetryFor is {options.RetryFor}; it must lie between 0 and {_maxRetryFor}.");
        if (options.Provider == StorageProvider.Postgres)
        {
            if (ProblemOfPostgres(options.ConnectionString) is { } missing)
                result.AddError($"Storage:ConnectionString {missing} Write 'Host=db;Database=codex;Username=codex;Password=...'.");
        }
        else if (options.ConnectionString is { } connectionString && ProblemOfSqlite(connectionString) is { } problem)
        {
            result.AddError($"Storage:ConnectionString {problem} " +
                "Write 'Data Source=/path/to/file.db', or leave it out to use the data directory.");
        }

        return result.Build();
    }

    private static string? ProblemOfPostgres(string? connectionString)
    {
        if (string.IsNullOrWhiteSpace(connectionString))
            return "is missing, and Storage:Provider is Postgres.";
        try
        {
            var builder = new NpgsqlConnectionStringBuilder(connectionString);
            return string.IsNullOrEmpty(builder.Host) ? "names no host." : null;
        }
        catch (ArgumentException e)
        {
            return $"cannot be read: {e.Message}";
        }
    }

    private static string? ProblemOfSqlite(string connectionString)
    {
        try
        {
            var builder = new SqliteConnectionStringBuilder(connectionString);
            if (builder.DataSource.Length == 0)
                return "names no file.";
            if (builder.Mode == SqliteOpenMode.Memory || builder.DataSource.StartsWith(':')
                || builder.DataSource.StartsWith("file:", StringComparison.Ordinal))
                return "must name a plain file: a log in memory would be lost.";
            return null;
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            return $"cannot be read: {e.Message}";
        }
    }
}
