// The metadata of a project on Postgres, as Hasura's own types have it. They leave the name of a table or function
// unknown, since each kind of database has names of its own; on Postgres these are a schema and a name.
import type { Metadata, Source } from "hasura-metadata-types";

type QualifiedName = { schema: string; name: string };

type OnPostgres<T> = T extends readonly (infer Item)[]
  ? OnPostgres<Item>[]
  : T extends object
    ? { [Key in keyof T]: Key extends "table" | "function" | "remote_table" ? QualifiedName : OnPostgres<T[Key]> }
    : T;

type PostgresSource = OnPostgres<Extract<Source, { kind: "postgres" }>>;
type Table = PostgresSource["tables"][number];
// Hasura documents the comment of a computed field; its types do not have it.
type ComputedField = NonNullable<Table["computed_fields"]>[number] & { comment?: string };

export type ProjectMetadata = Omit<Metadata["metadata"], "sources"> & {
  sources: (Omit<PostgresSource, "tables"> & {
    tables: (Omit<Table, "computed_fields"> & { computed_fields?: ComputedField[] })[];
  })[];
};
