import {
  getMetadataStorage,
  IS_OPTIONAL as ITS_OPTIONAL,
  ValidationTypes as ItsTypes,
} from 'class-validator';
import { IS_OPTIONAL, metadataStorage, ValidationTypes } from './decorator-metadata.js';

describe('The metadata of decorators, read without an import of class-validator,', () => {
  it('has the names of class-validator', () => {
    expect({ ...ItsTypes }).toMatchObject({ ...ValidationTypes });
    expect(IS_OPTIONAL).toBe(ITS_OPTIONAL);
  });

  it('is the object that class-validator writes to', () => {
    const storage = getMetadataStorage();

    expect(metadataStorage()).toBe(storage);
  });
});
